/* registry/recovery.h — an escrowed key, from two approvals to the one who asked for it.
 *
 * recover_key is applied for with a fresh key of the requester, and approved by two officers over the service request that
 * names it.  Then the recovery is open: the signer hands out the sealed shares (signer_begin_recovery), recovery agents
 * give theirs back (signer_give_share), each once, and the k-th brings the key, under the fresh key.  The signer alone judges shares
 * and approvals; here each share is a leaf of the log, and what came out is stored with the step that completes the application.
 *
 * Between the signer's answer and the store anything may stop: the signer tells again what it told
 * (recovery_resume), and a share that was given but not recorded is recorded when its agent sends the same statement.
 */
#pragma once
#include "registry/registry.h"
#include "signer/client.h"

/* What the signer is asked with. */
typedef struct {
	char *request, *review, *complete;
	char *hash;                    /* of request: what the signer calls the recovery */
	char *serial;                  /* of the encryption certificate */
	gboolean done;                 /* the key was recovered, and is stored */
} RecoveryOrder;
void recovery_order_clear (RecoveryOrder *order);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RecoveryOrder, recovery_order_clear)

/* [{application, number, serial, holder, kind, approved}], oldest first: those that wait for agents. */
gboolean recovery_list (Tx *tx, Registry *registry, json_t **items, GError **error);
/* The open recovery as this agent may see it.  DIQI_ERROR_APPLICATION_STATE where none is open; DIQI_ERROR_RECOVERY_SELF: he accepted or
 * approved it; DIQI_ERROR_APPLICANT_IS_OFFICER: the form names him. */
gboolean recovery_open (Tx *tx, Registry *registry, const Actor *agent, const char *id, RecoveryOrder *out, GError **error);
/* The same for his statement "recovery.share", which must name it. */
gboolean recovery_check_share (Tx *tx, Registry *registry, const Actor *agent, const char *id, const Statement *statement,
                               RecoveryOrder *out, GError **error);
/* After the signer took the share: its row and leaf, once. */
gboolean recovery_record_share (Tx *tx, Registry *registry, const Actor *agent, const char *id, const Statement *statement,
                                const KeyRecovery *state, GError **error);
/* The signer has the key: stored, and the application completed, once.  Nothing while shares are missing. */
gboolean recovery_finish (Tx *tx, Registry *registry, const char *id, const KeyRecovery *state, GError **error);

/* {application, serial, certificate, envelope, recovered}, base64: for the requester alone.  DIQI_ERROR_APPLICATION_STATE before. */
gboolean recovery_result (Tx *tx, Registry *registry, const Actor *actor, const char *id, json_t **out, GError **error);

/* No transaction open: asks the signer about every open recovery and finishes what a crash left. */
gboolean recovery_resume (Registry *registry, Store *store, SignerClient *signer, GError **error);
