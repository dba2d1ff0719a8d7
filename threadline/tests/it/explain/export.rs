//! What an export reads beside its pages, and what the jobs of an actor cost among those of many.

use threadline::export::{MAX_EXPORT_JOBS, all_export_jobs, export, export_jobs};

use super::*;

#[tokio::test]
async fn who_and_why_of_a_page_are_read_by_their_indexes() {
    let (test, _db) = seeded().await;
    let listener = Listener::new(&test).await;
    let statements = listener
        .heard_of(async |db| {
            let mut exporter = export(timeline().table("posts"))
                .limit(PAGE)
                .begin(db)
                .await?;
            while exporter.next_chunk().await?.is_some() {}
            Ok(())
        })
        .await;
    let of_context =
        |statement: &Statement| statement.sql.contains("= ANY") || statement.sql.contains("unnest");
    let context: Vec<_> = statements.0.into_iter().filter(of_context).collect();
    assert_eq!(context.len(), 2, "{context:#?}");
    let indexes = &[CONTEXT, ACTIONS];
    let cases = vec![Case {
        name: "contexts",
        statements: context,
        indexes,
        rows: 4 * PAGE.cast_signed(),
    }];
    check(&test.pool(1).await, cases).await;
}

#[tokio::test]
async fn the_jobs_of_an_actor_are_read_by_their_index() {
    let test = TestDb::new().await;
    test.run(
        "INSERT INTO threadline.audit_export_jobs (actor_type, actor_id, format, filters, row_limit, keep_seconds, max_attempts)
           SELECT 'user', a::text, 'csv', '{}', 1, 1, 1 FROM generate_series(1, 200) AS a, generate_series(1, 150) AS n;
         ANALYZE threadline.audit_export_jobs",
    )
    .await;
    let listener = Listener::new(&test).await;
    let jobs = export_jobs(ActorRef::user("7").unwrap());
    let list = listener
        .heard_of(async |db| jobs.fetch(db).await.map(drop))
        .await;
    let one = listener
        .heard_of(async |db| jobs.find(7, db).await.map(drop))
        .await;
    let all = all_export_jobs().below(20_000);
    let all = listener
        .heard_of(async |db| all.fetch(db).await.map(drop))
        .await;
    let indexes = &["audit_export_jobs_actor_idx", "audit_export_jobs_pkey"];
    let most = MAX_EXPORT_JOBS.cast_signed();
    let cases = vec![
        case("jobs", list, indexes, most),
        case("job", one, indexes, 1),
        case("all jobs", all, indexes, most),
    ];
    check(&test.pool(1).await, cases).await;
}
