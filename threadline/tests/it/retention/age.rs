//! Time passes.

use sea_orm::TransactionTrait;

use crate::support::{TestDb, run};

impl TestDb {
    /// Makes everything that is in the trail so many days older. Only a superuser who turns the
    /// triggers off can do that.
    pub async fn age(&self, days: u32) {
        self.forge(&format!(
            "UPDATE threadline.audit_changes SET captured_at = captured_at - interval '{days} days';
             UPDATE threadline.audit_transactions SET occurred_at = occurred_at - interval '{days} days';
             UPDATE threadline.audit_actions SET recorded_at = recorded_at - interval '{days} days';
             UPDATE threadline.audit_horizons SET complete_since = complete_since - interval '{days} days', unreliable_before = unreliable_before - interval '{days} days';"
        ))
        .await;
    }

    /// Runs statements without the protection of the trail.
    pub async fn forge(&self, sql: &str) {
        let txn = self.db.begin().await.unwrap();
        run(&txn, "SET LOCAL session_replication_role = replica").await;
        run(&txn, sql).await;
        txn.commit().await.unwrap();
    }
}
