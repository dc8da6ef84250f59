/* calendar */
#include <glib.h>
extern int calendar_reserved;
