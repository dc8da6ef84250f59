/* document */
#include <glib.h>
extern int document_reserved;
