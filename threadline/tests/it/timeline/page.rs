use threadline::{ActorRef, Count, MAX_PAGE_SIZE, Timeline, timeline};

use super::{paged, seed::seeded, streamed};

#[tokio::test]
async fn pages_of_every_size_give_the_whole_list_in_its_order() {
    let (test, lines) = seeded().await;
    let all: Vec<_> = lines.iter().map(|line| line.id).collect();
    for size in 1..=all.len() as u64 + 1 {
        assert_eq!(
            paged(&timeline(), size, &test.db).await,
            all,
            "pages of {size}"
        );
    }
    assert_eq!(streamed(&timeline(), &test.db).await, all);
}

#[tokio::test]
async fn changes_of_one_instant_are_paged_without_loss_or_repetition() {
    let (test, lines) = seeded().await;
    for (query, tied) in [
        (timeline().correlation_id("c-ties"), 12),
        (timeline().correlation_id("c-ties").table("comments"), 6),
    ] {
        let expected: Vec<_> = lines
            .iter()
            .filter(|line| line.correlation.as_deref() == Some("c-ties"))
            .filter(|line| tied == 12 || line.table == "comments")
            .map(|line| line.id)
            .collect();
        assert_eq!(expected.len(), tied);
        for size in 1..=13 {
            assert_eq!(
                paged(&query, size, &test.db).await,
                expected,
                "pages of {size}"
            );
        }
    }
}

#[tokio::test]
async fn a_count_stops_at_its_cap() {
    let (test, lines) = seeded().await;
    let n = lines.len() as u64;
    let count = async |query: Timeline, cap: u64| query.count(cap, &test.db).await.unwrap();
    let of = |value, capped| Count { value, capped };
    assert_eq!(count(timeline(), n + 1).await, of(n, false));
    assert_eq!(count(timeline(), n).await, of(n, false));
    assert_eq!(count(timeline(), n - 1).await, of(n - 1, true));
    assert_eq!(count(timeline(), 0).await, of(0, true));
    let ties = timeline().correlation_id("c-ties");
    assert_eq!(count(ties.clone(), u64::MAX).await, of(12, false));
    let page = ties.clone().page_size(5).fetch(&test.db).await.unwrap();
    let rest = ties.after(page.next.unwrap());
    assert_eq!(
        count(rest, 100).await,
        of(12, false),
        "a count is of the filters, not of a page"
    );
}

#[tokio::test]
async fn a_page_size_is_kept_between_one_and_the_maximum() {
    let (test, lines) = seeded().await;
    let none = timeline().page_size(0).fetch(&test.db).await.unwrap();
    assert_eq!(none.entries.len(), 1);
    let all = timeline()
        .page_size(u64::MAX)
        .fetch(&test.db)
        .await
        .unwrap();
    assert_eq!(all.entries.len(), lines.len());
    test.run(
        "INSERT INTO threadline.audit_changes (transaction_id, captured_at, row_key, table_schema, table_name, op, table_pk)
         SELECT 1, now(), 0, 'public', 'bulk', 'insert', '{}' FROM generate_series(1, 2500)",
    )
    .await;
    let bulk = timeline().table("bulk").page_size(u64::MAX);
    let page = bulk.fetch(&test.db).await.unwrap();
    assert_eq!(page.entries.len() as u64, MAX_PAGE_SIZE);
    let streamed = streamed(&bulk, &test.db).await;
    assert_eq!(streamed.len(), 2500);
    assert!(streamed.is_sorted_by(|a, b| a > b), "one instant, so by id");
}

#[tokio::test]
async fn what_is_captured_meanwhile_does_not_disturb_the_walk() {
    let (test, lines) = seeded().await;
    let alice = timeline()
        .actor(ActorRef::user("alice").unwrap())
        .page_size(4);
    let before = paged(&alice, 1_000, &test.db).await;
    let mut ids = Vec::new();
    let mut query = alice.clone();
    loop {
        let page = query.fetch(&test.db).await.unwrap();
        ids.extend(page.entries.iter().map(|change| change.id));
        test.run(
            r#"BEGIN; SET LOCAL threadline.context = '{"actor": {"type": "user", "id": "alice"}}';
               UPDATE posts SET n = n + 1 WHERE id = 2; COMMIT"#,
        )
        .await;
        match page.next {
            Some(next) => query = query.after(next),
            None => break,
        }
    }
    assert_eq!(ids, before);
    assert!(paged(&alice, 1_000, &test.db).await.len() > before.len());
    assert!(lines.len() > before.len());
}

#[tokio::test]
async fn a_stream_goes_on_where_a_page_ended() {
    let (test, lines) = seeded().await;
    let page = timeline().page_size(10).fetch(&test.db).await.unwrap();
    let rest = timeline().after(page.next.unwrap());
    let expected: Vec<_> = lines[10..].iter().map(|line| line.id).collect();
    assert_eq!(streamed(&rest, &test.db).await, expected);
}
