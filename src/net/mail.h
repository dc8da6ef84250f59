/* net/mail.h — one mail to one person by SMTP (libcurl).
 *
 * Plain text in UTF-8 and nothing more (RFC 5322, 2045, 2047): headers cannot be injected into, no line is over 78
 * octets.  It says Auto-Submitted (RFC 3834), so that no responder answers it.
 */
#pragma once
#include "base/clock.h"

typedef struct {
	const char *url;            /* smtp://HOST:PORT or smtps://HOST:PORT */
	const char *user, *password;    /* NULL: no login */
	const char *ca_file;        /* PEM; NULL: the system's roots */
	gboolean starttls;          /* refuse to go on in clear; smtps is encrypted anyway */
} SmtpServer;

typedef struct {
	const char *from, *to;      /* plain addresses, ASCII */
	const char *from_name;      /* NULL or any text */
	const char *subject, *text; /* UTF-8; the text's lines end with \n */
	const char *language;       /* "zh-CN" */
	const char *message_id;     /* without angle brackets; the same each time the mail is sent */
	Micros date;
} Mail;

/* ASCII, nothing that could end an SMTP command or a header. */
gboolean mail_address_is_plain (const char *text);

/* The message with CRLF; caller frees.  DIQI_ERROR_REQUEST: an address or id that is none, or text that is not UTF-8. */
char *mail_build (const Mail *mail, GError **error);

/* DIQI_ERROR_MAIL; *permanent: the server will never take it (RFC 5321 4.2.1: 5yz), except for what an operator can mend
 * (login, encryption).  Takes at most 20 s. */
gboolean mail_send (const SmtpServer *server, const Mail *mail, gboolean *permanent, GError **error);
