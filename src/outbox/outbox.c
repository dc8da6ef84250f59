/* outbox */
#include <glib.h>
extern int outbox_reserved;
