/* ledger */
#include <glib.h>
extern int ledger_reserved;
