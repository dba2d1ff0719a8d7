use threadline::{codegen::*, CapturePolicy, SchemaName};
fn main() {
    let schema = SchemaName::default();
    print!("{}", base_schema(&schema).up);
    let col = |n: &str, kind| ColumnSpec { name: n.into(), kind };
    use ColumnKind::*;
    let spec = TableSpec { name: "posts".parse().unwrap(), key: vec!["id".into()], columns: vec![col("id", Plain), col("title", Plain), col("price", Numeric), col("data", Jsonb), col("doc", Json), col("f8", Float), col("email", Plain), col("secret", Plain), col("seen", Plain), col("at", Timestamptz)], partitioned: false,
      policy: CapturePolicy { mask: vec!["email".into()], exclude: vec!["secret".into()], except: vec!["seen".into()], ..Default::default() } };
    print!("{}", capture(&schema, &spec, None).unwrap().up);
}
