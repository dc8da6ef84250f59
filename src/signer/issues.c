/* signer/issues.c — see issues.h. */
#include "signer/issues.h"

#include <string.h>

#include "base/error.h"

#define IN_BLOCK 4096
#define FIRST_SLOTS 1024          /* a power of two */

/* Open addressing with linear probing: numbers of certificates from 1, 0 is empty.  Nothing is ever taken out. */
typedef guint (*HashFn) (const JournalIssue *issue);
typedef gboolean (*SameFn) (const JournalIssue *a, const JournalIssue *b);
typedef struct {
	HashFn hash;
	SameFn same;
	guint32 *slots;
} Index;

enum { BY_SERIAL, BY_REQUEST, BY_SPKI, N_INDICES };

struct Issues {
	GPtrArray *blocks;            /* JournalIssue[IN_BLOCK] */
	guint32 n;
	guint32 mask;                 /* slots of each index - 1 */
	Index indices[N_INDICES];
};

/* --- what they are found by --------------------------------------------------------- */

/* Hashes are uniform already, and a serial's last octets are random: any four of them do. */
static guint
four_octets (const guint8 *p)
{
	guint key;
	memcpy (&key, p, sizeof key);
	return key;
}

static guint
serial_key (const JournalIssue *issue)
{
	return four_octets (issue->serial.b + sizeof issue->serial.b - 4);
}

static gboolean
serial_same (const JournalIssue *a, const JournalIssue *b)
{
	return memcmp (&a->serial, &b->serial, sizeof a->serial) == 0;
}

static guint
request_key (const JournalIssue *issue)
{
	return four_octets (issue->request.b) ^ (guint) issue->copy << 1 ^ issue->encrypts;
}

static gboolean
request_same (const JournalIssue *a, const JournalIssue *b)
{
	return a->copy == b->copy && a->encrypts == b->encrypts && fingerprint_equal (&a->request, &b->request);
}

static guint
spki_key (const JournalIssue *issue)
{
	return four_octets (issue->spki.b);
}

static gboolean
spki_same (const JournalIssue *a, const JournalIssue *b)
{
	return fingerprint_equal (&a->spki, &b->spki);
}

/* --- tables ----------------------------------------------------------------------------- */

static JournalIssue *
issue_at (const Issues *issues, guint32 number)
{
	JournalIssue *block = g_ptr_array_index (issues->blocks, (number - 1) / IN_BLOCK);
	return &block[(number - 1) % IN_BLOCK];
}

/* The slot where it is, or would be. */
static guint32 *
slot_of (const Issues *issues, const Index *index, const JournalIssue *asked)
{
	guint32 i = index->hash (asked) & issues->mask;
	while (index->slots[i] != 0 && !index->same (issue_at (issues, index->slots[i]), asked))
		i = (i + 1) & issues->mask;
	return &index->slots[i];
}

static const JournalIssue *
find (const Issues *issues, guint by, const JournalIssue *asked)
{
	guint32 number = *slot_of (issues, &issues->indices[by], asked);
	return number != 0 ? issue_at (issues, number) : NULL;
}

/* Later ones take the place of earlier ones with the same key. */
static void
note (Issues *issues, guint32 number)
{
	const JournalIssue *issue = issue_at (issues, number);
	*slot_of (issues, &issues->indices[BY_SERIAL], issue) = number;
	*slot_of (issues, &issues->indices[BY_SPKI], issue) = number;
	if (issue->has_request)
		*slot_of (issues, &issues->indices[BY_REQUEST], issue) = number;
}

static void
use_slots (Issues *issues, guint32 slots)
{
	issues->mask = slots - 1;
	for (guint i = 0; i < N_INDICES; i++) {
		g_free (issues->indices[i].slots);
		issues->indices[i].slots = g_new0 (guint32, slots);
	}
	for (guint32 number = 1; number <= issues->n; number++)
		note (issues, number);
}

Issues *
issues_new (void)
{
	static const Index indices[N_INDICES] = {
		[BY_SERIAL] = { serial_key, serial_same, NULL }, [BY_REQUEST] = { request_key, request_same, NULL },
		[BY_SPKI] = { spki_key, spki_same, NULL },
	};
	Issues *issues = g_new0 (Issues, 1);
	issues->blocks = g_ptr_array_new_with_free_func (g_free);
	memcpy (issues->indices, indices, sizeof indices);
	use_slots (issues, FIRST_SLOTS);
	return issues;
}

void
issues_free (Issues *issues)
{
	if (issues == NULL)
		return;
	for (guint i = 0; i < N_INDICES; i++)
		g_free (issues->indices[i].slots);
	g_ptr_array_unref (issues->blocks);
	g_free (issues);
}

/* --- adding ------------------------------------------------------------------------------- */

/* A key has one certificate for ever; only the site's own services get another one over theirs. */
static gboolean
check_key (const Issues *issues, const JournalIssue *issue, const Serial *renews, GError **error)
{
	const JournalIssue *before = find (issues, BY_SPKI, issue);
	if (before == NULL && renews == NULL)
		return TRUE;
	if (before == NULL || renews == NULL || memcmp (&before->serial, renews, sizeof *renews) != 0 || before->has_request || issue->has_request)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "two certificates with one key");
	return TRUE;
}

gboolean
issues_add (Issues *issues, const JournalIssue *issue, const Serial *renews, GError **error)
{
	if (find (issues, BY_SERIAL, issue) != NULL)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "two certificates with one serial");
	if (!check_key (issues, issue, renews, error))
		return FALSE;
	if (issue->has_request && find (issues, BY_REQUEST, issue) != NULL)
		return diqi_fail (error, DIQI_ERROR_CONFIG, NULL, "two certificates for one copy of a request");
	if (issues->n % IN_BLOCK == 0)
		g_ptr_array_add (issues->blocks, g_new (JournalIssue, IN_BLOCK));
	issues->n++;
	*issue_at (issues, issues->n) = *issue;
	/* At most three slots in four are taken. */
	if (issues->n > (issues->mask + 1) / 4 * 3)
		use_slots (issues, (issues->mask + 1) * 2);
	else
		note (issues, issues->n);
	return TRUE;
}

/* --- finding -------------------------------------------------------------------------------- */

const JournalIssue *
issues_by_serial (const Issues *issues, const Serial *serial)
{
	const JournalIssue asked = { .serial = *serial };
	return find (issues, BY_SERIAL, &asked);
}

const JournalIssue *
issues_by_request (const Issues *issues, const Fingerprint *request, guint copy, gboolean encrypts)
{
	const JournalIssue asked = { .request = *request, .copy = (guint8) copy, .encrypts = encrypts ? 1 : 0 };
	return copy <= G_MAXUINT8 ? find (issues, BY_REQUEST, &asked) : NULL;
}

const JournalIssue *
issues_by_spki (const Issues *issues, const Fingerprint *spki)
{
	const JournalIssue asked = { .spki = *spki };
	return find (issues, BY_SPKI, &asked);
}
