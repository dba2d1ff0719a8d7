//! Whether the trail of a table tells the truth: every record on its own, and the end against the live rows.

use super::TestDb;

impl TestDb {
    /// Every fault of the trail of a table. `image` is the image that a live row `t` should have.
    ///
    /// Within one record: nothing happens to a row that is gone, nothing is inserted over a row
    /// that is there, and each update starts from what the change before it left. At the end: what
    /// is there is there, and looks like it.
    pub async fn faults(&self, table: &str, key: &[&str], image: &str) -> Vec<String> {
        let pk = key
            .iter()
            .map(|column| format!("'{column}', i.image -> '{column}'"))
            .collect::<Vec<_>>()
            .join(", ");
        self.all(&format!(
            "WITH c AS (
               SELECT *, lag(op) OVER w AS prior_op, lag(data_after) OVER w AS prior, lead(id) OVER w IS NULL AS last,
                      EXISTS (SELECT FROM threadline.audit_changes m WHERE m.table_name = x.table_name AND m.op = 'truncate'
                        AND (m.captured_at, m.id) > (x.captured_at, x.id)) AS truncated
                 FROM threadline.audit_changes x WHERE table_name = '{table}' AND op <> 'truncate'
               WINDOW w AS (PARTITION BY table_pk ORDER BY captured_at, id)),
             live AS (
               SELECT i.image, jsonb_build_object({pk}) AS pk FROM (SELECT {image} AS image FROM public.{table} t) AS i)
             SELECT format('%s %s after %s', op, table_pk, coalesce(prior_op, 'nothing')) FROM c
              WHERE CASE op WHEN 'insert' THEN prior_op <> 'delete'
                    WHEN 'update' THEN CASE WHEN linked_pk IS NULL THEN prior_op = 'delete' ELSE prior_op <> 'delete' END
                    ELSE prior_op = 'delete' END
             UNION ALL
             SELECT format('update %s starts from %s, not from %s', table_pk, data_after || changed_from, prior) FROM c
              WHERE op = 'update' AND linked_pk IS NULL AND prior_op <> 'delete' AND data_after || changed_from <> prior
             UNION ALL
             SELECT format('%s ends as %s, is %s', coalesce(c.table_pk, l.pk), CASE WHEN c.op = 'delete' THEN 'gone' ELSE c.data_after::text END, l.image)
               FROM (SELECT * FROM c WHERE last) AS c FULL JOIN live l ON l.pk = c.table_pk
              WHERE (CASE WHEN c.op <> 'delete' AND NOT c.truncated THEN c.data_after END) IS DISTINCT FROM l.image"
        ))
        .await
    }

    /// Fails unless the trail of a table with the key `id` tells the truth.
    pub async fn assert_true_trail(&self, table: &str) {
        let faults = self.faults(table, &["id"], "to_jsonb(t)").await;
        assert!(faults.is_empty(), "{faults:#?}\n{:#?}", self.images().await);
    }

    /// The changes so far, one line each, in order: `op image`, for a key change also `<- other key`.
    pub async fn images(&self) -> Vec<String> {
        self.all(
            "SELECT concat_ws(' ', table_name, op, data_after::text, '<- ' || linked_pk::text)
               FROM threadline.audit_changes ORDER BY captured_at, id",
        )
        .await
    }
}
