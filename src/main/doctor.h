/* main/doctor.h — `diqi doctor`: everything a site stands on, looked at before anything depends on it.
 *
 * Changes nothing and prints no secret; works beside a running server.  Each check is told as it is found.
 */
#pragma once
#include "base/config.h"
#include "signer/examine.h"

typedef struct {
	const char *dir;              /* the site */
	const char *passphrase;       /* of the signer's keys; NULL: not given */
	FindingSink sink;
	gpointer user;
	Config *config;
	Micros now;
	gboolean test_site;
} Doctor;

void doctor_examine (Doctor *doctor);

/* To the sink; advice NULL: none is needed. */
void doctor_tell (const Doctor *doctor, FoundLevel level, const char *check, const char *advice, const char *format, ...) G_GNUC_PRINTF (5, 6);

/* main/doctor_host.c: what the host gives — clock, disk, ports, fonts. */
void doctor_look_at_clock (const Doctor *doctor);
void doctor_look_at_disk (const Doctor *doctor);
void doctor_look_at_ports (const Doctor *doctor);
void doctor_look_at_fonts (const Doctor *doctor);
/* main/doctor_server.c: TLS files, and what the running server says of itself. */
void doctor_look_at_tls (const Doctor *doctor);
void doctor_look_at_server (const Doctor *doctor);
