//! How many exports run at a time.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use sea_orm::DatabaseConnection;

/// How many exports read from a pool, by its address. Every worker of a server has a surface of its own; the pool is what
/// they share.
static UNDER_WAY: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());

/// The right to export, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    pool: usize,
}

impl Slot {
    /// Takes a slot, if fewer exports read from the pool than may. Without a limit half of its connections may.
    pub(super) fn take(db: &DatabaseConnection, limit: Option<usize>) -> Option<Self> {
        let options = db.get_postgres_connection_pool().options();
        let half = usize::try_from(options.get_max_connections() / 2).unwrap_or(usize::MAX);
        let pool = std::ptr::from_ref(options).addr();
        let mut under_way = under_way();
        let count = under_way.entry(pool).or_default();
        let free = *count < limit.unwrap_or(half).max(1);
        free.then(|| {
            *count += 1;
            Self { pool }
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut under_way = under_way();
        if let Some(count) = under_way.get_mut(&self.pool) {
            *count -= 1;
            if *count == 0 {
                under_way.remove(&self.pool);
            }
        }
    }
}

fn under_way() -> MutexGuard<'static, BTreeMap<usize, usize>> {
    UNDER_WAY.lock().unwrap_or_else(PoisonError::into_inner)
}
