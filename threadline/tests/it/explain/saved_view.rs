//! What reading the views of an actor costs among those of many.

use sea_orm::{DbBackend, QueryTrait};
use threadline::saved_view::{MAX_VIEWS, saved_views};

use super::{case, check, user};
use crate::support::TestDb;

#[tokio::test]
async fn the_views_of_an_actor_are_read_by_their_index_and_come_sorted() {
    let test = TestDb::new().await;
    test.run(
        "INSERT INTO threadline.audit_saved_views (actor_type, actor_id, name, filters)
           SELECT 'user', a::text, 'view ' || n, '{}' FROM generate_series(1, 300) AS a, generate_series(1, 100) AS n;
         ANALYZE threadline.audit_saved_views",
    )
    .await;
    let select = saved_views(&user("7")).build(DbBackend::Postgres);
    let index = &["audit_saved_views_name_key"];
    let cases = vec![case("views", select, index, MAX_VIEWS.cast_signed())];
    check(&test.pool(1).await, cases).await;
}
