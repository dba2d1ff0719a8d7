use threadline::Audited;

#[derive(Audited)]
pub enum Kind {
    Post,
}

#[derive(Audited)]
pub struct Id(i32);

#[derive(Audited)]
pub struct Model;

#[derive(Audited)]
pub union Bits {
    int: i32,
}

fn main() {}
