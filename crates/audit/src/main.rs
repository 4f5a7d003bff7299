//! x
fn main() {
    let _ = datafusion::prelude::SessionContext::new();
}
