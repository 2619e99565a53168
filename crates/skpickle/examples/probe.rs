//! Prints what files decode to.

#[allow(clippy::print_stdout)]
fn main() {
    for p in std::env::args().skip(1) {
        match skpickle::load_path(&p, &Default::default()) {
            Ok(g) => {
                let r = g.root();
                let n = r.fields().map(|f| f.len());
                println!("{p} OK {} {:?} trailing {}", r.describe(), n, g.trailing_bytes());
            }
            Err(e) => println!("{p} ERR {e}"),
        }
    }
}
