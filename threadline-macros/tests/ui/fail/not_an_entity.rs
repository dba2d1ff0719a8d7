use threadline::Audited;

#[derive(Audited)]
#[audited(mask("email"))]
pub struct NewPost {
    pub title: String,
    pub email: String,
}

fn main() {}
