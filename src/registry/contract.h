/* registry/contract.h — 附件三 signed electronically.
 *
 * A holder who has a certificate already signs the hash of the contract's canonical text (application_contract_document) instead of two
 * copies on paper.  What was signed counts as long as it is the contract of the application: a change of the holder's name asks for it anew.
 */
#pragma once
#include "registry/registry.h"

#define CONTRACT_PAPER "service_contract"

/* {application, contract, hash, signed?}; contract: the canonical text.  For those who may see the application. */
gboolean contract_view (Tx *tx, Registry *registry, const Actor *actor, const char *id, json_t **view, GError **error);
/* statement "contract.sign" by the holder whose application it is, between submission and payment.  Gives the contract's view. */
gboolean contract_sign (Tx *tx, Registry *registry, const Actor *actor, const char *id, const Statement *statement, json_t **view, GError **error);
/* *at: when the contract as it is now was signed; 0 not. */
gboolean contract_signed (Tx *tx, Registry *registry, const char *id, Micros *at, GError **error);
