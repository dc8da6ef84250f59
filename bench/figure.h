/* bench/figure.h — what the programs that print figures share: rounds, medians, and how a line is written. */
#pragma once
#include <glib.h>

#define FIGURE_ROUNDS 3

guint64 figure_median (const guint64 values[FIGURE_ROUNDS]);
/* value / of, in thousandths; 0 when there is no `of`. */
guint64 figure_thousandths (guint64 value, guint64 of);
/* " NAME=1.234" */
void figure_print_thousandths (const char *name, guint64 thousandths);
/* "NAME VALUE UNIT bound=BOUND ratio=1.234", without the end of the line. */
void figure_print (const char *name, guint64 value, const char *unit, guint64 bound, guint64 ratio);
void figure_end (void);
/* DIQI_BENCH_GROW: certificates that there are from the beginning, a tenth of them revoked. */
guint figure_certificates (void);
