//! The page of `view`, asked over HTTP as a browser does, and as nobody should.

#![cfg(feature = "view")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::children;
use common::served::{Served, view};
use pypet::prelude::*;
use serde_json::Value;

/// Two numbers go in.
#[parameters]
struct Input {
    /// First factor.
    #[param(default = 1.0, unit = "mV")]
    x: f64,
    /// Second factor.
    #[param(default = 1.0)]
    y: f64,
}

/// Their product, and how it came about.
#[results]
struct Product {
    /// The product.
    #[result(unit = "mV")]
    z: f64,
    /// The way there.
    trace: Vec<f64>,
}

/// Multiplies; one point fails.
#[experiment]
fn multiply(p: &Input) -> Result<Product, String> {
    if (p.x, p.y) == (3.0, 2.0) {
        return Err("three times two is too hard".into());
    }
    Ok(Product { z: p.x * p.y, trace: (0..5).map(|i| f64::from(i) * p.x).collect() })
}

/// The most runs that were seen to be done while the study went on.
static SEEN: AtomicU64 = AtomicU64::new(0);

/// Is never far ahead of what was seen.
#[experiment(result = "z")]
fn slow(p: &Input) -> f64 {
    children::wait_until(|| p.x < SEEN.load(Ordering::Relaxed) as f64 + 20.0);
    p.x
}

/// Twelve runs, of which run 8 fails.
fn with_file<T>(test: impl FnOnce(&Path) -> T) -> T {
    common::with_trajectory_file(|file| {
        let n = Input::names();
        let points = n.x.over([1.0, 2.0, 3.0, 4.0]) * n.y.over([1.0, 1.5, 2.0]);
        Environment::new(file).serial().run::<multiply>(points).expect("the study runs, and one run of it fails");
        test(file)
    })
}

impl Served {
    /// The whole answer to what is sent.
    fn send(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the server listens");
        stream.set_read_timeout(Some(children::PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("the server answers in time");
        let text = String::from_utf8(bytes).expect("answers are UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or(0);
        Answer { status, head: head.into(), body: body.into() }
    }

    fn ask(&self, method: &str, path: &str, host: &str, cookie: &str) -> Answer {
        let cookie = if cookie.is_empty() { String::new() } else { format!("Cookie: {cookie}\r\n") };
        self.send(&format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{cookie}\r\n"))
    }

    fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn cookie(&self) -> String {
        format!("other=1; pypet_view_{}={}", self.port, self.token)
    }

    /// What somebody with the cookie gets.
    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &self.host(), &self.cookie())
    }

    fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap_or_else(|error| panic!("{path}: {error}: {}", answer.body))
    }
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn error(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

#[test]
fn only_the_token_opens_the_door() {
    with_file(|file| {
        let served = Served::start(file);
        let host = served.host();
        for (path, cookie) in [
            ("/", String::new()),
            ("/api/state", String::new()),
            ("/nowhere", String::new()),
            ("/?token=0123456789abcdef0123456789abcdef", String::new()),
            ("/?token=", String::new()),
            ("/api/state", format!("pypet_view_{}=", served.port)),
            ("/api/state", format!("pypet_view_1={}", served.token)),
        ] {
            let answer = served.ask("GET", path, &host, &cookie);
            assert_eq!(answer.status, 403, "{path} with `{cookie}`: {}", answer.head);
        }
        let entry = served.ask("GET", &format!("/?token={}", served.token), &host, "");
        assert_eq!(entry.status, 303, "{}", entry.head);
        assert!(entry.head.contains("HttpOnly; SameSite=Strict"), "{}", entry.head);
        assert!(entry.head.contains("location: /\r\n"), "{}", entry.head);
        assert_eq!(served.get("/").status, 200);
        let asked = served.ask("GET", &format!("/api/state?token={}", served.token), &host, "");
        assert_eq!(asked.status, 200, "programs give the token with each question");
    });
}

#[test]
fn names_of_other_sites_are_not_answered() {
    with_file(|file| {
        let served = Served::start(file);
        for host in ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example", ""] {
            let answer = served.ask("GET", "/api/state", host, &served.cookie());
            assert!([400, 403].contains(&answer.status), "{host}: {}", answer.head);
        }
        let local = served.ask("GET", "/api/state", &format!("localhost:{}", served.port), &served.cookie());
        assert_eq!(local.status, 200);
    });
}

#[test]
fn the_page_only_reads_and_loads_nothing_from_elsewhere() {
    with_file(|file| {
        let before = fs::read(file).unwrap();
        let served = Served::start(file);
        for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
            for path in ["/", "/api/runs", "/api/nothing"] {
                assert_eq!(served.ask(method, path, &served.host(), &served.cookie()).status, 405, "{method} {path}");
            }
        }
        for path in ["/nowhere", "/api", "/api/nothing", "/../../etc/passwd", "/%2e%2e/Cargo.toml", "//evil.example/"] {
            assert_eq!(served.get(path).status, 404, "{path}");
        }
        let page = served.get("/");
        for header in [
            "content-security-policy: default-src 'self'",
            "x-content-type-options: nosniff",
            "x-frame-options: DENY",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
            "cross-origin-resource-policy: same-origin",
        ] {
            assert!(page.head.contains(header), "{header}: {}", page.head);
            assert!(served.ask("GET", "/", "evil.example", "").head.contains(header), "refusals have it too: {header}");
        }
        for name in
            ["/", "/style.css", "/app.js", "/dom.js", "/overview.js", "/tree.js", "/runs.js", "/pictures.js", "/run.js"]
        {
            let text = served.get(name);
            assert_eq!(text.status, 200, "{name}");
            for forbidden in
                ["http://", "https://", "innerHTML", "insertAdjacent", "eval(", "<style", " style=", "onclick=\""]
            {
                assert!(!text.body.contains(forbidden), "{name} has `{forbidden}`");
            }
        }
        drop(served);
        assert!(fs::read(file).unwrap() == before, "looking changes nothing");
    });
}

#[test]
fn the_run_table_is_sorted_filtered_and_cut() {
    with_file(|file| {
        let served = Served::start(file);
        let runs = |query: &str| {
            let answer = served.json(&format!("/api/runs?{query}"));
            let rows = answer["rows"].as_array().expect("rows").clone();
            let runs: Vec<usize> = rows.iter().map(|row| row[0].as_str().unwrap().parse().unwrap()).collect();
            (answer["n_found"].as_u64().unwrap(), runs)
        };
        assert_eq!(runs("count=3"), (12, vec![0, 1, 2]));
        assert_eq!(runs("from=10&count=50"), (12, vec![10, 11]));
        assert_eq!(runs("from=99"), (12, vec![]));
        assert_eq!(runs("sort=z&count=2"), (12, vec![0, 1]));
        // Run 8 has no z, and is last in both directions.
        assert_eq!(runs("sort=z&descending=true&count=3"), (12, vec![11, 10, 7]));
        assert_eq!(runs("sort=z&from=11"), (12, vec![8]));
        assert_eq!(runs("sort=z&descending=true&from=11"), (12, vec![8]));
        assert_eq!(runs("sort=run&descending=true&count=1"), (12, vec![11]));
        assert_eq!(runs("condition=z%20%3E%3D%206%20mV&sort=y"), (2, vec![10, 11]));
        assert_eq!(runs("condition=status%20%3D%3D%20%22failed%22"), (1, vec![8]));
        assert_eq!(runs("condition=x%20%3E%2099"), (0, vec![]));
        let row = &served.json("/api/runs?from=8&count=1")["rows"][0];
        assert_eq!(row, &serde_json::json!(["8", "failed", "3.0", "2.0", ""]));
        assert_eq!(served.get("/api/runs?sort=trace").status, 400);
        assert_eq!(served.get("/api/runs?sort=zz").status, 400);
        assert_eq!(served.get("/api/runs?from=-1").status, 400);
    });
}

#[test]
fn what_is_wrong_with_a_question_is_told_with_its_place() {
    with_file(|file| {
        let served = Served::start(file);
        let answer = served.get("/api/runs?condition=x%20%3E%201%20%26%26%20zz%20%3C%202");
        assert_eq!(answer.status, 400);
        let error = answer.error();
        assert_eq!(error["place"], serde_json::json!([9, 11]), "{error}");
        assert!(error["error"].as_str().unwrap().contains("x > 1 && zz < 2\n           ^^"), "{error}");
        for (path, status, says) in [
            ("/api/run?run=12", 404, "there is no run 12"),
            ("/api/run?run=many", 400, "run"),
            ("/api/node?path=results/nothing", 404, "there is no node `results.nothing`"),
            ("/api/tree?path=../..", 404, "there is no node"),
            ("/api/picture?result=zz", 400, "has no result `zz`; did you mean `z`?"),
            ("/api/picture?result=z&x=w", 400, "`w` is not explored"),
            ("/api/picture?result=trace&runs=8", 400, "run 8 has no results to show"),
            ("/api/picture?result=trace&runs=1,two", 400, "`two` is no run"),
            ("/api/state?trajectory=other", 503, "no trajectory named `other`"),
        ] {
            let answer = served.get(path);
            assert_eq!(answer.status, status, "{path}: {}", answer.body);
            assert!(answer.body.contains(says), "{path}: {}", answer.body);
        }
    });
}

#[test]
fn everything_about_a_trajectory_is_found_from_the_page() {
    with_file(|file| {
        let served = Served::start(file);
        let state = served.json("/api/state");
        assert_eq!((state["runs"]["done"].as_u64(), state["runs"]["failed"].as_u64()), (Some(11), Some(1)));
        let overview = served.json("/api/overview");
        assert_eq!(overview["explored"][0]["unit"], "mV");
        assert!(overview["config"].as_array().unwrap().iter().any(|fact| fact["name"] == "machine.host"), "{overview}");
        let names = |tree: &Value| {
            let nodes = tree["nodes"].as_array().unwrap().iter();
            nodes.map(|node| node["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert!(names(&served.json("/api/tree")).contains(&"results".into()));
        assert_eq!(names(&served.json("/api/tree?path=results")), ["z", "trace"]);
        let node = served.json("/api/node?path=results/z");
        assert_eq!((node["unit"].as_str(), node["runs"][8].as_str()), (Some("mV"), Some("(failed)")), "{node}");
        let run = served.json("/api/run?run=8");
        assert_eq!(run["failure"]["message"], "three times two is too hard");
        let log = run["log"].as_str().expect("a failed run is in the log");
        assert!(log.contains("run=8") && log.contains("three times two is too hard"), "{log}");
        assert_eq!(run["parameters"][0]["text"], "3.0");
        assert_eq!(run["results"], serde_json::json!([]));
        let run = served.json("/api/run?run=4");
        assert_eq!(run["results"][1]["text"], "[0.0, 2.0, 4.0, 6.0, 8.0]");
        assert!(
            run["results"][1]["is_drawable"].as_bool().unwrap() && !run["results"][0]["is_drawable"].as_bool().unwrap()
        );
    });
}

#[test]
fn pictures_show_the_chosen_axes_and_runs() {
    with_file(|file| {
        let served = Served::start(file);
        let picture = |query: &str| {
            let answer = served.get(&format!("/api/picture?{query}"));
            assert_eq!(answer.status, 200, "{query}: {}", answer.body);
            assert!(answer.head.contains("content-type: image/svg+xml"), "{}", answer.head);
            answer.body
        };
        let says = |svg: &str, text: &str| svg.contains(&format!("<title>{text}</title>"));
        // What varies along the other parameter is the spread of a line, and the rows of a map.
        assert!(says(&picture("result=z&x=y"), "y = 1.5&#10;3.75 (1.95 to 5.55 in 4 runs)"));
        assert!(says(&picture("result=z&x=y&y=x"), "x = 4 mV&#10;y = 1.5&#10;6"));
        assert!(says(&picture("result=z&x=x&y=y"), "y = 1.5&#10;x = 4 mV&#10;6"));
        assert!(says(&picture("result=z&x=x&y=y&lines=true"), "1.5&#10;x = 4 mV&#10;6"));
        let traces = picture("result=trace&runs=0,4,11");
        for line in ["run 0&#10;", "run 4&#10;", "run 11&#10;"] {
            assert!(traces.contains(line), "{line}");
        }
    });
}

#[test]
fn parameters_in_lock_step_make_points_and_no_map() {
    common::with_trajectory_file(|file| {
        let n = Input::names();
        let points = n.x.over((0..3000).map(f64::from)).zip(n.y.over((0..3000).map(|y| f64::from(y) / 7.0)));
        Environment::new(file).run::<multiply>(points).expect("the study runs");
        let served = Served::start(file);
        for query in ["x=x&y=y", "x=y&y=x", "x=x", "y=y", ""] {
            let answer = served.get(&format!("/api/picture?result=z&{query}"));
            assert_eq!(answer.status, 200, "{query}: {}", answer.body);
            assert_eq!(answer.body.contains("<circle"), query.len() == 7, "{query}");
        }
    });
}

#[test]
fn names_and_comments_that_mean_no_good_stay_text() {
    with_file(|file| {
        common::python::run("hostile.py", [file]);
        let served = Served::start(file);
        for path in [
            "/api/state",
            "/api/overview",
            "/api/tree",
            "/api/tree?path=results",
            "/api/runs",
            "/api/run?run=3",
            "/api/node?path=results/z",
        ] {
            let answer = served.get(path);
            assert_eq!(answer.status, 200, "{path}: {}", answer.body);
            assert!(answer.head.contains("content-type: application/json"), "{path}: {}", answer.head);
            assert!(answer.body.len() < 1_000_000, "{path}: {} bytes", answer.body.len());
            serde_json::from_str::<Value>(&answer.body).unwrap();
        }
        let picture = served.get("/api/picture?result=z&x=x");
        assert_eq!(picture.status, 200, "{}", picture.body);
        assert!(!picture.body.contains("<script") && !picture.body.contains("<img"), "{}", picture.body);
    });
}

#[test]
fn a_file_that_goes_away_is_told_and_found_again() {
    with_file(|file| {
        let served = Served::start(file);
        assert_eq!(served.get("/api/runs").status, 200);
        let aside = file.with_extension("aside");
        fs::rename(file, &aside).unwrap();
        let answer = served.get("/api/runs");
        assert_eq!(answer.status, 503);
        assert!(answer.body.contains("there is no file"), "{}", answer.body);

        fs::write(file, b"\x89HDF\r\n\x1a\nand nothing else").unwrap();
        let answer = served.get("/api/overview");
        assert_eq!(answer.status, 503, "{}", answer.body);
        fs::write(file, b"something else").unwrap();
        assert!(served.get("/api/overview").body.contains("is no HDF5 file"));

        let mut bytes = fs::read(&aside).unwrap();
        let end = bytes.len();
        bytes[end / 4..end / 2].fill(0x55);
        fs::write(file, &bytes).unwrap();
        for path in [
            "/api/state",
            "/api/overview",
            "/api/tree?path=results",
            "/api/runs?sort=z",
            "/api/run?run=3",
            "/api/picture",
        ] {
            let answer = served.get(path);
            assert!([200, 400, 404, 503].contains(&answer.status), "{path}: {} {}", answer.status, answer.body);
        }
        fs::rename(&aside, file).unwrap();
        assert_eq!(served.json("/api/runs")["n_found"], 12);
    });
}

#[test]
fn a_study_is_followed_while_it_runs() {
    common::with_trajectory_file(|file| {
        let points = Input::names().x.over((0..100).map(f64::from));
        let environment = Environment::new(file).serial().with_commit_every(Duration::from_millis(100));
        let study = std::thread::spawn(move || environment.run::<slow>(points).map(|_| ()));
        children::wait_until(|| file.exists());
        let served = Served::start(file);
        let mut counts = Vec::new();
        while !study.is_finished() {
            let state = served.json("/api/state");
            let done = state["runs"]["done"].as_u64().unwrap();
            SEEN.store(done, Ordering::Relaxed);
            if counts.last() != Some(&done) {
                counts.push(done);
            }
            let runs = served.json("/api/runs?condition=status%20%3D%3D%20%22done%22&sort=z");
            assert!(runs["n_found"].as_u64().unwrap() >= done, "what was done stays done");
            std::thread::sleep(Duration::from_millis(50));
        }
        study.join().unwrap().expect("readers do not disturb the study");
        assert!(counts.len() > 3 && counts.is_sorted(), "{counts:?}");
        let state = served.json("/api/state");
        assert_eq!((state["runs"]["done"].as_u64(), state["state"].as_str()), (Some(100), Some("finished")));
    });
}

#[test]
fn a_trajectory_that_grows_is_read_anew() {
    with_file(|file| {
        let served = Served::start(file);
        let before = served.json("/api/state");
        let n = Input::names();
        let points = n.x.over([5.0]) * n.y.over([1.0, 1.5, 2.0]);
        Environment::new(file).serial().expand::<multiply>(points).expect("three runs are added");
        let after = served.json("/api/state");
        assert_ne!(before["version"], after["version"]);
        assert_eq!(after["n_runs"], 15);
        assert_eq!(served.json("/api/runs?sort=x&descending=true&count=1")["rows"][0][2], "5.0");
    });
}

#[test]
fn nonsense_and_slow_readers_stop_nobody() {
    with_file(|file| {
        let served = Served::start(file);
        let _silent = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
        let mut half = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
        half.write_all(b"GET / HTTP/1.1\r\nHost: ").unwrap();
        for nonsense in ["\u{0}\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
            assert!([0, 400, 505].contains(&served.send(nonsense).status), "{nonsense:?}");
        }
        let far = format!("GET /api/runs?condition={} HTTP/1.1\r\nHost: {}\r\n\r\n", "(".repeat(60_000), served.host());
        assert!(
            [0, 403, 414, 431].contains(&served.send(&far.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")).status)
        );
        let deep = served.get(&format!("/api/runs?condition={}", "(".repeat(5_000)));
        assert_eq!(deep.status, 400, "{}", deep.body);
        assert_eq!(served.get("/api/state").status, 200);
    });
}

#[test]
fn what_cannot_be_shown_is_told_at_once() {
    with_file(|file| {
        let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let output = view(file, &["--port", &port.to_string()]).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{}", said(&output));
        assert!(said(&output).contains(&format!("cannot listen on 127.0.0.1:{port}")), "{}", said(&output));
        assert!(said(&output).contains("choose another port"), "{}", said(&output));
        assert_eq!(view(file, &["--port", "99999"]).output().unwrap().status.code(), Some(2));
        assert_eq!(view(&file.with_extension("missing"), &[]).output().unwrap().status.code(), Some(3));
        let output = view(file, &["--trajectory", "other"]).output().unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert!(said(&output).contains("no trajectory named `other`"), "{}", said(&output));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn the_address_is_handed_to_the_browser_of_the_desktop() {
    use std::os::unix::fs::PermissionsExt;

    with_file(|file| {
        let folder = file.parent().unwrap();
        let (browser, opened) = (folder.join("xdg-open"), folder.join("opened"));
        fs::write(&browser, "#!/bin/sh\nprintf %s \"$*\" > \"$0.new\" && mv \"$0.new\" \"${0%/*}/opened\"\n").unwrap();
        fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
        let path = std::env::join_paths([folder, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
        let opening = |path| {
            let mut command = view(file, &["--open"]);
            command.env("PATH", path);
            Served::start_with(command)
        };
        let served = opening(path);
        children::wait_until(|| opened.exists());
        assert_eq!(fs::read_to_string(opened).unwrap(), served.url());
        drop(served);
        // Without any desktop the page is served all the same.
        let served = opening(folder.join("nowhere").into());
        assert_eq!(served.get("/api/state").status, 200);
    });
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_in_order() {
    with_file(|file| {
        for signal in ["-INT", "-TERM"] {
            let mut served = Served::start_with(common::signals::heard(view(file, &[])));
            // A page that is open keeps its connection.
            let _page = TcpStream::connect(("127.0.0.1", served.port)).unwrap();
            assert_eq!(served.get("/api/state").status, 200);
            common::signals::send(signal, &served.child);
            let mut ended = None;
            children::wait_until(|| {
                ended = served.child.try_wait().unwrap();
                ended.is_some()
            });
            assert_eq!(ended.unwrap().code(), Some(0), "{signal}");
        }
    });
}

#[test]
fn programs_get_the_address_as_json() {
    with_file(|file| {
        let mut child = view(file, &["--json"]).stdout(Stdio::piped()).spawn().unwrap();
        let reader = BufReader::new(child.stdout.take().unwrap());
        let lines: Vec<String> = reader.lines().map_while(Result::ok).take(5).collect();
        child.kill().unwrap();
        child.wait().unwrap();
        let answer: Value = serde_json::from_str(&lines.join("\n")).unwrap();
        let url = format!("http://127.0.0.1:{}/?token={}", answer["port"], answer["token"].as_str().unwrap());
        assert_eq!(answer["url"], url);
        assert_eq!(answer.as_object().unwrap().len(), 3);
    });
}
