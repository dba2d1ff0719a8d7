use threadline::Audited;

#[derive(Audited)]
pub struct Model {
    #[audited(mask)]
    pub email: String,
}

fn main() {}
