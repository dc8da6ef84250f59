/* unit/support/test_store.h — a fresh, migrated store for one test, on either engine.
 *
 * SQLite lives in a directory of its own; PostgreSQL in a database of its own on the
 * server that DIQI_TEST_PG names ("postgresql://…/postgres", see tools/pg-test.sh).
 * Both are gone after test_store_free.  Without DIQI_TEST_PG the PostgreSQL half of a
 * test is skipped, and says so.
 */
#pragma once
#include "store/store.h"

typedef enum { TEST_SQLITE, TEST_POSTGRESQL } TestEngine;

typedef struct {
	TestEngine engine;
	char *uri;                /* for store_open; holds the test server's password */
	char *dir;                /* empty directory of this test, also on PostgreSQL */
	Store *store;
	char *database;           /* PostgreSQL: its name */
} TestStore;

gboolean test_store_have_postgresql (void);

/* Empty database, no schema; options may be NULL.  Aborts the test on any error. */
TestStore *test_store_new_empty (TestEngine engine, const StoreOptions *options);
/* As above, with all embedded migrations. */
TestStore *test_store_new (TestEngine engine, const StoreOptions *options);
/* Closes and opens the same database again, without migrating. */
void test_store_reopen (TestStore *t, const StoreOptions *options);
void test_store_free (TestStore *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestStore, test_store_free)

/* Registers PATH/sqlite and PATH/postgresql, each with a fresh migrated store. */
void test_store_add (const char *path, void (*test) (TestStore *t));
/* The same with test_store_new_empty. */
void test_store_add_empty (const char *path, void (*test) (TestStore *t));

/* Ends every other session of this test's database: what a failing server or network does.  PostgreSQL only. */
void test_store_cut_connections (TestStore *t);

/* Removes a directory and what is in it. */
void test_remove_tree (const char *dir);
