#include "outbox/webhook.h"

#include <string.h>

#include "base/error.h"

/* The example of the Standard Webhooks specification. */
static void
test_example (void)
{
	static const char body[] = "{\"test\": 2432232314}";
	g_autoptr (GError) error = NULL;
	g_autoptr (GBytes) secret = webhook_secret_parse ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &error);
	g_assert_no_error (error);
	g_autofree char *signature = webhook_signature (secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, strlen (body));
	g_assert_cmpstr (signature, ==, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void
test_refused (void)
{
	static const char *const bad[] = { "", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_MfKQ", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!" };
	for (gsize i = 0; i < G_N_ELEMENTS (bad); i++) {
		g_autoptr (GError) error = NULL;
		g_assert_null (webhook_secret_parse (bad[i], &error));
		g_assert_error (error, DIQI_ERROR, DIQI_ERROR_CONFIG);
	}
}

int
main (int argc, char **argv)
{
	g_test_init (&argc, &argv, NULL);
	g_test_add_func ("/outbox/webhook/example", test_example);
	g_test_add_func ("/outbox/webhook/refused", test_refused);
	return g_test_run ();
}
