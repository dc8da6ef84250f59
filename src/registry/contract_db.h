/* registry/contract_db.h — one SQL statement a function; used by registry only. */
#pragma once
#include "base/clock.h"
#include "store/store.h"

typedef struct {
	const char *application, *contract, *document, *statement_identity, *subject;
	Micros at;
} ContractRow;
/* In place of one that was signed before. */
gboolean db_contract_put (Tx *tx, const ContractRow *row, GError **error);
/* *at 0: this one was not signed. */
gboolean db_contract_signed (Tx *tx, const char *application, const char *contract, Micros *at, GError **error);
