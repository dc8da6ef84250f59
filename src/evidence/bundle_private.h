/* evidence/bundle_private.h — shared by the files of the bundle only. */
#pragma once
#include "evidence/bundle.h"

typedef struct {
	BundleLeaf view;                   /* what the caller sees; borrows from the rest */
	json_t *json;
	GArray *proof;                     /* of Hash */
	GArray *statements;                /* of BundleSigned: the leaf's own first if it has one, then the others */
} Leaf;

/* A certificate and what the file asks of it. */
typedef struct {
	Certificate *certificate;
	Certificate *issuer;               /* NULL: the root; set when its chain was found */
	gboolean used;                     /* signs, or issued what is used */
	gboolean signs;
	Micros first, last;                /* when it signed: times of leaves */
} Member;

struct Bundle {
	json_t *json;
	const char *kind, *site, *note;    /* inside json */
	const json_t *subject;
	Certificate *root;
	Member log;
	Checkpoint checkpoint;
	GPtrArray *members;                /* of Member */
	GHashTable *member_index;          /* Fingerprint → Member */
	GPtrArray *keys;                   /* of PublicKey */
	GHashTable *key_index;             /* Fingerprint of the SPKI → PublicKey */
	GPtrArray *leaves;                 /* of Leaf */
};

/* bundle_verify.c: everything that needs a hash or a signature. */
gboolean bundle_verify (Bundle *bundle, const Certificate *trusted_root, GError **error);

/* bundle_part.c */
/* The part in which byte `offset` of the file lies, as a pointer; caller frees. */
char *bundle_part_at (const char *text, gsize n, gsize offset);

/* A refusal that keeps the words of an error from below and names the part. */
gboolean bundle_refuse_because (GError **error, const char *field, const GError *why);

guint fingerprint_key_hash (gconstpointer fingerprint);
gboolean fingerprint_key_equal (gconstpointer a, gconstpointer b);
