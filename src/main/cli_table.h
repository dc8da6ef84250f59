/* main/cli_table.h — a list of an answer as a table, for people. */
#pragma once
#include "base/json.h"

/* Rows (objects) under a line of titles, columns aligned.  columns: the members to show, as "sale parcel.code price_fen"; NULL: all
 * that a row has.  A member "…_fen" is shown in yuan, a time in Beijing time, what is null or not there as "-". */
char *cli_table_text (const json_t *rows, const char *columns);

/* One line of text with nothing in it that moves a terminal's cursor or turns the direction of writing: what a server sends
 * is shown, not obeyed. */
char *cli_printable (const char *text);
