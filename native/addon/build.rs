//! Links against Node.
fn main() {
    napi_build::setup();
}
