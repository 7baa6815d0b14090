// SPDX-License-Identifier: MIT
// Rust: panics that unwind, threads, channels, closures, collections.
use std::collections::{BTreeMap, HashMap};
use std::sync::{mpsc, Arc, Mutex};
use std::thread;

trait Speak {
    fn speak(&self, n: u32) -> String;
}
struct A(u32);
struct B(String);
impl Speak for A {
    fn speak(&self, n: u32) -> String { format!("a{}", self.0 + n) }
}
impl Speak for B {
    fn speak(&self, n: u32) -> String { self.0.repeat(n as usize) }
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let all: Vec<Box<dyn Speak>> = vec![Box::new(A(3)), Box::new(B("xy".into()))];
    println!("{}", all.iter().enumerate().map(|(i, s)| s.speak(i as u32 + 1)).collect::<Vec<_>>().join(","));
    let caught = std::panic::catch_unwind(|| { let v: Vec<i32> = Vec::new(); v[std::env::args().count()] });
    println!("panic {}", caught.is_err());
    let total = Arc::new(Mutex::new(BTreeMap::new()));
    let (sender, receiver) = mpsc::channel();
    let threads: Vec<_> = (0..4u64).map(|i| {
        let (total, sender) = (total.clone(), sender.clone());
        thread::spawn(move || {
            let mut counts: HashMap<u64, u64> = HashMap::new();
            for n in 0..2000u64 { *counts.entry(n * (i + 1) % 17).or_insert(0) += 1; }
            let mut guard = total.lock().unwrap();
            for (k, v) in counts { *guard.entry(k).or_insert(0) += v; }
            drop(guard); // a panic would poison it
            sender.send(i).unwrap();
            if i == 3 { panic!("on purpose"); }
        })
    }).collect();
    drop(sender);
    let failed = threads.into_iter().filter(|_| true).map(|t| t.join()).filter(|r| r.is_err()).count();
    let mut order: Vec<u64> = receiver.iter().collect();
    order.sort();
    let total = match total.lock() { Ok(t) => t.clone(), Err(e) => e.into_inner().clone() };
    println!("{:?} {:?} {}", total, order, failed);
}
