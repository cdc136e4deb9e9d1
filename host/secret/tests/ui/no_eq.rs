use wirken_secret::Secret;

fn main() {
    let secret = Secret::new(vec![0; 8]);
    let _ = secret == secret;
}
