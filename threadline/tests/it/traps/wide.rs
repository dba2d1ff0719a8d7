//! A model with every type that SeaORM decodes comes back from `as_of` as it is in the table.

use chrono::{Duration, Utc};
use sea_orm::EntityTrait;
use threadline::{Snapshot, as_of};

use crate::support::{TestDb, run};

mod record {
    use sea_orm::entity::prelude::*;
    use threadline::{Audited, CapturePolicy};

    #[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "mood")]
    pub enum Mood {
        #[sea_orm(string_value = "sad")]
        Sad,
        #[sea_orm(string_value = "so so")]
        SoSo,
    }

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "wide")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub i2: Option<i16>,
        pub i4: Option<i32>,
        pub i8: Option<i64>,
        pub f4: Option<f32>,
        pub f8: Option<f64>,
        #[sea_orm(column_type = "Decimal(None)")]
        pub num: Option<Decimal>,
        pub b: Option<bool>,
        pub txt: Option<String>,
        #[sea_orm(column_type = "Char(Some(5))")]
        pub ch: Option<String>,
        #[sea_orm(
            column_type = "custom(\"citext\")",
            select_as = "text",
            save_as = "citext"
        )]
        pub ci: Option<String>,
        #[sea_orm(
            column_type = "custom(\"hstore\")",
            select_as = "text",
            save_as = "hstore"
        )]
        pub hs: Option<String>,
        #[sea_orm(column_type = "Json")]
        pub js: Option<Json>,
        #[sea_orm(column_type = "JsonBinary")]
        pub jb: Option<Json>,
        pub by: Option<Vec<u8>>,
        pub d: Option<Date>,
        pub t: Option<Time>,
        pub ts: Option<DateTime>,
        pub tstz: Option<DateTimeUtc>,
        pub en: Option<Mood>,
        pub ai4: Option<Vec<i32>>,
        pub ai8: Option<Vec<i64>>,
        pub atxt: Option<Vec<String>>,
        pub auuid: Option<Vec<Uuid>>,
        pub af8: Option<Vec<f64>>,
        #[sea_orm(column_type = "Array(RcOrArc::new(ColumnType::Decimal(None)))")]
        pub anum: Option<Vec<Decimal>>,
        #[sea_orm(ignore)]
        pub not_in_the_table: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    impl Audited for Entity {
        fn policy() -> CapturePolicy {
            CapturePolicy::default()
        }
    }
}

const TABLE: &str = "CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE TYPE mood AS ENUM ('sad', 'so so');
    CREATE TABLE wide (id uuid PRIMARY KEY, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, num numeric, b bool, txt text,
      ch char(5), ci citext, hs hstore, js json, jb jsonb, by bytea, d date, t time, ts timestamp, tstz timestamptz, en mood,
      ai4 int4[], ai8 int8[], atxt text[], auuid uuid[], af8 float8[], anum numeric[])";

const VALUES: &[&str] = &[
    "(gen_random_uuid())",
    "(gen_random_uuid(), -32768, -2147483648, -9223372036854775808, '-0', '-0', -79228162514264337593543950335, false, E'it''s \"q\" \\\\ 😀 \\u0001\\n', 'ab',
      'CiText', 'a=>1,b=>NULL', '{\"b\": 1,  \"a\": [1.5, \"\\\\u00e4\"]}', 'null', '\\x00ff5c', '0044-03-15 BC', '23:59:59.999999', '0044-03-15 12:00:00 BC', '1900-01-01 00:00:00.000001+05:30',
      'so so', '{}', '{-9223372036854775808}', '{\"\",\"NULL\",\"a \\\"b\\\" \\\\ ,\"}', '{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}', '{0.1,5e-324,-0,1.7976931348623157e308}', '{1.0,1.00,0.1}')",
    "(gen_random_uuid(), 32767, 2147483647, 9223372036854775807, 3.4028235e38, 5e-324, 1.00, true, '', '', '', '', 'null', '\"null\"', '', '9999-12-31',
      '00:00', '2024-02-29 23:59:59.999999', '2024-02-29 23:59:59.999999+00', 'sad', '{1,2}', '{}', '{}', '{}', '{}', '{}')",
    "(gen_random_uuid(), 0, 0, 0, 'Infinity', '-Infinity', 0.0000000000000000000000000001, true, 'null', 'null', 'NULL', 'null=>null', '[1.0, null]', '{\"a\": null}', '\\xdeadbeef',
      '2024-02-29', '12:00', 'epoch', 'epoch', 'sad', '{0}', '{0}', '{null-ish}', '{00000000-0000-0000-0000-000000000000}', '{Infinity}', '{-1.10}')",
];

#[tokio::test]
async fn a_model_of_every_type_comes_back_as_it_is_in_the_table() {
    for settings in [
        "",
        "SET extra_float_digits = -5; SET bytea_output = escape; SET TimeZone = 'Asia/Kolkata'; SET DateStyle = 'SQL, DMY';",
    ] {
        let test = TestDb::with_tables(TABLE, &["public.wide"]).await;
        let one = test.pool(1).await;
        for values in VALUES {
            let insert = format!("INSERT INTO public.wide VALUES {values}");
            run(&one, &format!("SET search_path = public; {insert}")).await;
        }
        // Written again under the settings of the round, without passing through text.
        run(
            &one,
            "CREATE TEMP TABLE saved AS SELECT * FROM wide; DELETE FROM wide",
        )
        .await;
        run(
            &one,
            &format!("{settings} INSERT INTO public.wide SELECT * FROM pg_temp.saved"),
        )
        .await;
        let live = record::Entity::find().all(&test.db).await.unwrap();
        assert_eq!(live.len(), VALUES.len());
        let now = Utc::now() + Duration::hours(1);
        // The reader's settings have no say either: `one` still has those of the round.
        for db in [&test.db, &one] {
            for row in &live {
                let rebuilt = as_of::<record::Entity>(row.id, now)
                    .fetch(db)
                    .await
                    .unwrap();
                assert_eq!(bits(&rebuilt), bits(&Snapshot::Present(row.clone())));
                assert_eq!(rebuilt, Snapshot::Present(row.clone()));
            }
        }
        run(&test.db, "DELETE FROM wide").await;
        for row in live {
            match as_of::<record::Entity>(row.id, now)
                .fetch(&test.db)
                .await
                .unwrap()
            {
                Snapshot::Deleted { last, .. } => assert_eq!(last, row),
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Debug text, which tells -0 from 0 and 1.0 from 1.00.
fn bits(snapshot: &Snapshot<record::Model>) -> String {
    format!("{snapshot:?}")
}
