#include "sesbounce/store_notice.h"

#include "store/store_internal.h"

int store_notice_add(struct store *store, struct str type, struct str data,
                     int64_t now_ms)
{
    return db_do(store, SQL_NOTICE_ADD, db_int(now_ms), db_text(type), db_text(data));
}
