/* signer/protocol.h — what may be said to the signer: closed tables.
 *
 * A message is a JSON object {"id":n,"type":T, …the members of T below, no others}.
 * Its reply is {"id":n,"ok":true, …} or {"id":n,"error":{"code","field"?,"detail"}} with the public
 * codes of base/error_codes.h.  Replies come in the order of the messages.  The first frame on a
 * connection comes from the signer: {"ready":true,"site":…}, or {"error":…} if it could not start.
 *
 * A message of SIGNER_RAW_MESSAGES may have a raw part beside its members (signer/frame.h), and so may its reply; any other message
 * with one is refused.  It is for what is large: a list of 100,000 revocations is 3 MB raw, and as many again in work if it were base64 in JSON.
 *
 * Binary is standard base64, hashes and serials are lower-case hex, times RFC 3339.
 *
 * The signer reads what is there, handles every whole frame, writes the journal once with one
 * fdatasync if any of them signed something that must be remembered, and only then answers.
 * A type that is not in this table is refused (DIQI_ERROR_SIGNER); so is every unknown member.
 * Each type uses one key (of the CA that `ca` names, the first when it is absent; "issue" and "officers.set": of the CA for the holder's key), and no message hands over bytes to be signed as they are:
 *
 * | type          | key     | journal | members                                             | reply members |
 * | site          | none    |         |                                                     | site, name, kind, base_uri, origin, algorithm, root, issuing, ocsp, log, receipt, document, tsa, tls?, profiles, cas [{name, hierarchy, algorithm, current, root, certificate, ocsp, …_uri}] |
 * | officers      | none    |         |                                                     | officers (the list) |
 * | officers.set  | issuing | yes     | list, statements [compact, compact]                 | officers |
 * | issue         | issuing | yes     | request (text), copy?, serial, encryption_serial?, reviewer, issuer (compact) | certificate, encryption_certificate?, envelope? |
 * | profiles      | none    |         | known? (a count of changes)                         | changes; profiles (with their texts) unless `known` is that count |
 * | profile.set   | none    | profiles.log | profile (text), open, statements [compact, compact] | profiles, changes |
 * | agents        | none    |         |                                                     | agents {version, threshold, agents, keys, lost} |
 * | agents.set    | issuing | agents.log | list, statements [compact, compact]              | agents |
 * | recovery.begin | a new one | escrow.log | request (text), review, complete (compact)      | recovery, serial, threshold, given, shares, transport?, order?, envelope? |
 * | recovery.share | that of the recovery | escrow.log | statement (compact)                 | the same |
 * | revoke        | none    | if new  | ca?; raw: entries (29 bytes each: serial 20, time 8 in microseconds big-endian, reason 1; 6 is a hold) | |
 * | unhold        | none    | if new  | serial, request (text), review, complete (compact)   | |
 * | crl           | issuing | yes     | ca?, list ("full", "delta", "shard"), shard?, base?, number, this_update, next_update | entries; raw: the list, of all that was ever revoked |
 * | checkpoint    | log     | yes     | size, root, old_size, proof [hex]                   | note |
 * | checkpoint.last | none  |         |                                                     | size, root |
 * | receipt       | receipt |         | payload                                             | statement |
 * | document      | document |        | digest (SHA-256, on SM2 sites SM3)                  | cms |
 * | record.wrap   | storage |         | record, key (32 bytes)                               | wrapped |
 * | record.unwrap | storage | yes     | record, wrapped, look (compact), agree? (compact)    | key |
 * | token.unlock  | tokens  | if new  | request (text), review, complete, unlock (compact), spki | pin |
 * | token.initialise | tokens | if new | token, statements [compact, compact], spki           | pin |
 * | stamp           | tsa     | sometimes | query (RFC 3161, at most TSP_MAX_REQUEST bytes)   | response (a refusal is one too) |
 * | renew           | issuing | if due  |                                                     | renewed [name of a service] (signer/renew.h), no_stamps? (why) |
 * | ceremonies      | none    |         | transcript? (hash of a file)                        | ceremonies [{transcript, time, kept}]; with a transcript its text |
 * | clock         | none    |         | now, frozen, synchronised?                                         | (test sites only) |
 */
#pragma once

#define SIGNER_MESSAGES(M) \
	M (SITE, "site", message_site) \
	M (OFFICERS, "officers", message_officers) \
	M (OFFICERS_SET, "officers.set", message_officers_set) \
	M (ISSUE, "issue", message_issue) \
	M (PROFILES, "profiles", message_profiles) \
	M (PROFILE_SET, "profile.set", message_profile_set) \
	M (AGENTS, "agents", message_agents) \
	M (AGENTS_SET, "agents.set", message_agents_set) \
	M (RECOVERY_BEGIN, "recovery.begin", message_recovery_begin) \
	M (RECOVERY_SHARE, "recovery.share", message_recovery_share) \
	M (UNHOLD, "unhold", message_unhold) \
	M (CHECKPOINT, "checkpoint", message_checkpoint) \
	M (CHECKPOINT_LAST, "checkpoint.last", message_checkpoint_last) \
	M (RECEIPT, "receipt", message_receipt) \
	M (DOCUMENT, "document", message_document) \
	M (RECORD_WRAP, "record.wrap", message_record_wrap) \
	M (RECORD_UNWRAP, "record.unwrap", message_record_unwrap) \
	M (TOKEN_UNLOCK, "token.unlock", message_token_unlock) \
	M (TOKEN_INITIALISE, "token.initialise", message_token_initialise) \
	M (STAMP, "stamp", message_stamp) \
	M (RENEW, "renew", message_renew) \
	M (CEREMONIES, "ceremonies", message_ceremonies) \
	M (CLOCK, "clock", message_clock)

/* With RawMessageHandler in place of MessageHandler. */
#define SIGNER_RAW_MESSAGES(M) \
	M (REVOKE, "revoke", message_revoke) \
	M (CRL, "crl", message_crl)

/* Compact messages (signer/compact.h), by the number they begin with; ca, request, … as above, integers 8 octets where nothing is said:
 *
 * | type  | key        | journal    | members                                                                          | reply |
 * | ocsp  | ocsp of ca | if revoked | ca (length 1), this_update, next_update, the relying party's request (length 4), number of statuses (1), as many {status (1: 0 good, 1 revoked, 2 unknown), and if revoked: revoked_at, reason (1)}; times in microseconds | OCSP response |
 * | issue | issuing key of the CA for the holder's key | yes | copy (1), serial (20 octets), request (length 4), reviewer (length 4), issuer (length 4) | certificate |
 * | pair  | the same   | yes, and escrow.log | copy (1), serial and encryption_serial (20 each), request, reviewer, issuer (length 4 each)  | certificate, encryption_certificate, envelope (length 4 each) |
 *
 * Compact "issue" does what "issue" does, for a request without "encryption", and "pair" for one with it. */
#define SIGNER_COMPACT_MESSAGES(C) \
	C (OCSP, 1, "ocsp", compact_ocsp) \
	C (ISSUE, 2, "issue", compact_issue) \
	C (PAIR, 3, "pair", compact_pair)
#define COMPACT_NUMBER(id, number, name, handler) COMPACT_##id = number,
enum { SIGNER_COMPACT_MESSAGES (COMPACT_NUMBER) };
#undef COMPACT_NUMBER

/* "issue" of a request with `more` keys is asked once a copy: copy 0 (or no copy) carries spki, copy i more[i - 1]; each
 * with a serial of its own, all with the same two approvals. */

/* One revoked or held certificate in the packed list of "revoke". */
#define CRL_ENTRY_SIZE 29
#define CRL_MAX_ENTRIES 100000
/* Longest to-be-signed request, and most officers in a list. */
#define REQUEST_MAX_BYTES 16384
#define OFFICERS_MAX 1000
/* Most copies (申请 N 张) of one request. */
#define REQUEST_MAX_COPIES 20
