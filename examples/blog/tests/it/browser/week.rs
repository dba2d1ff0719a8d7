use blog::story;
use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveTime, Utc};
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};

use crate::support::{Blog, Served};

/// The blog after the story was told to it, as if that had taken from a Monday until yesterday.
pub(crate) struct Week {
    pub(crate) blog: Blog,
    pub(crate) served: Served,
    /// The spring issue was written that day from 9:00, its post about the tides was renamed at 9:49.
    pub(crate) monday: NaiveDate,
    /// The spam came and went that day after 14:00.
    pub(crate) yesterday: NaiveDate,
}

impl Week {
    pub(crate) async fn new(name: &str) -> Self {
        let blog = Blog::new(name).await;
        let served = blog.serve();
        story::tell(served.address, &blog.db).await.unwrap();
        let yesterday = Utc::now().date_naive() - Days::new(1);
        let since_monday = u64::from(yesterday.weekday().num_days_from_monday());
        // A Monday that is not yesterday.
        let monday = yesterday - Days::new(if since_monday == 0 { 7 } else { since_monday });
        spread(&blog, monday, yesterday).await;
        Self {
            blog,
            served,
            monday,
            yesterday,
        }
    }
}

/// Moves what was captured into the past, a transaction every seven minutes. Only a superuser who switches the
/// protection of the trail off can do that; the statement that went past the application stays where it is.
async fn spread(blog: &Blog, monday: NaiveDate, yesterday: NaiveDate) {
    let first = monday.with_day(1).unwrap();
    let months = [first, first + Months::new(1)];
    let partitions = months.map(|from| partition(from, from + Months::new(1)));
    let at = |day: NaiveDate, hour| -> DateTime<Utc> {
        let time = NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        day.and_time(time).and_utc()
    };
    let (spring, lambing, spam) = (
        at(monday, 9),
        at(monday + Days::new(1), 6),
        at(yesterday, 14),
    );
    let sql = format!(
        "SET LOCAL session_replication_role = replica; {}
         CREATE TEMP TABLE moved ON COMMIT DROP AS
         SELECT id, CASE correlation_id WHEN 'spring-issue' THEN '{spring}'::timestamptz
                    WHEN 'lambing' THEN '{lambing}' ELSE '{spam}' END
                + row_number() OVER (PARTITION BY coalesce(correlation_id, 'spam-cleanup') ORDER BY id) * interval '7 minutes'
                - occurred_at AS by
           FROM threadline.audit_transactions WHERE actor_type IS NOT NULL;
         UPDATE threadline.audit_changes AS c SET captured_at = captured_at + by FROM moved m WHERE m.id = c.transaction_id;
         UPDATE threadline.audit_actions AS a SET recorded_at = recorded_at + by FROM moved m WHERE m.id = a.transaction_id;
         UPDATE threadline.audit_transactions AS t SET occurred_at = occurred_at + by FROM moved m WHERE m.id = t.id;",
        partitions.concat(),
    );
    let txn = blog.db.begin().await.unwrap();
    txn.execute_unprepared(&sql).await.unwrap();
    txn.commit().await.unwrap();
}

/// What retention makes ahead of time, for a month that is over.
fn partition(from: NaiveDate, to: NaiveDate) -> String {
    let name = from.format("threadline.audit_changes_%Y_%m");
    format!(
        "CREATE TABLE IF NOT EXISTS {name} PARTITION OF threadline.audit_changes
           FOR VALUES FROM ('{from} 00:00+00') TO ('{to} 00:00+00');
         CREATE OR REPLACE TRIGGER threadline_audit_no_truncate BEFORE TRUNCATE ON {name}
           FOR EACH STATEMENT EXECUTE FUNCTION threadline.refuse_change();"
    )
}
