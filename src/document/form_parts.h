/* document/form_parts.h — what the two application forms (附件一, 附件二) have in common.  Private to document/. */
#pragma once
#include "document/paper.h"

#define FORM_LEFT 48.0
#define FORM_WIDTH 499.28
#define FORM_TOP 118.0          /* of the table, under title, number and code */
#define FORM_SIZE 10.0

#define PRINTED ((TextStyle) { .size = FORM_SIZE })
#define FILLED ((TextStyle) { .size = FORM_SIZE, .filled = TRUE })

/* Attachment, title, 受理编号 and the QR code. */
gboolean form_head (Paper *paper, const char *attachment, const char *title, const FormDocument *in, GError **error);
/* The member as it shall show; NULL on a blank form or when absent.  Borrowed. */
const char *form_value (const FormDocument *in, const char *name);
/* A service of the form is asked for. */
gboolean form_asks (const FormDocument *in, const char *service);
/* Printed label and what was filled in behind it, in one line. */
void form_field (Paper *paper, Box box, const char *label, const char *value);
/* As form_field; 审核人签名：, with "（电子签名）" behind a name. */
void form_signature (Paper *paper, Box box, const char *label, const char *name);
/* 受理日期：　　年　　月　　日 */
void form_date (Paper *paper, Box box, const char *label, Micros date);
/* A box of the table, framed. */
Box form_cell (Paper *paper, double x, double y, double w, double h);
/* Services that the paper forms have no box for go behind 其它, by this name; NULL for those with one. */
const char *form_other_service (const FormDocument *in);
