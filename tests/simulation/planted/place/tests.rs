//! Which places are found in small pieces of code.

use super::*;

fn code(files: &[(&str, &str)]) -> Code {
    Code::of(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
}

/// What becomes of the only file.
fn planted(text: &str, name: &str, old: &str, new: &str) -> Result<String, String> {
    code(&[("lib.rs", text)]).place(name, old).map(|place| place.with(new))
}

#[test]
fn all_but_the_place_keeps_its_bytes() {
    let text = "//! Grüße.\n\nfn  a( ) { /* ä */ one(1);two( 2 ) ; }\n";
    assert_eq!(planted(text, "a", "two(2);", "").unwrap(), "//! Grüße.\n\nfn  a( ) { /* ä */ one(1); }\n");
    assert_eq!(
        planted(text, "a", "one(1)", "zero()").unwrap(),
        "//! Grüße.\n\nfn  a( ) { /* ä */ zero();two( 2 ) ; }\n"
    );
}

#[test]
fn line_breaks_and_what_comes_with_them_make_no_difference() {
    let wrapped = "fn a() {\n    one(\n        1, // The first.\n        b?\n            .c,\n    )\n}\n";
    assert_eq!(planted(wrapped, "a", "one(1, b?.c)", "two()").unwrap(), "fn a() {\n    two()\n}\n");
    let whole = "fn a() { one(1, b?.c) }";
    assert_eq!(planted(whole, "a", "one(\n1,\nb?\n.c,\n)", "two()").unwrap(), "fn a() { two() }");
}

#[test]
fn strings_and_comments_hold_no_code() {
    let text = r#"fn a() { let text = "one()"; /* one() */ one(); } // one()"#;
    let planted = planted(text, "a", "one()", "two()").unwrap();
    assert_eq!(planted, r#"fn a() { let text = "one()"; /* one() */ two(); } // one()"#);
}

#[test]
fn what_macros_are_given_is_code() {
    let text = "fn a() { vec![matches!(b, 1 | 2)] }";
    assert_eq!(planted(text, "a", "1 | 2", "1").unwrap(), "fn a() { vec![matches!(b, 1)] }");
}

#[test]
fn methods_differ_by_type_trait_or_module() {
    let text = "
        struct A; struct B<'a>(&'a str);
        mod inner { fn go() { one() } }
        impl A { const GO: u8 = one(); }
        impl Go for A { fn go() { one() } }
        impl Go for B<'_> { fn go() { one() } }
        trait Stay { fn go() { one() } fn come(); }
        static TABLE: &[u8] = &[one()];
    ";
    let lines = |name: &str| {
        let planted = planted(text, name, "one()", "two()")?;
        Ok::<_, String>(planted.lines().position(|line| line.contains("two()")).unwrap())
    };
    assert_eq!(lines("inner::go"), Ok(2));
    assert_eq!(lines("A::GO"), Ok(3));
    assert_eq!(lines("A::go"), Ok(4));
    assert_eq!(lines("B::go"), Ok(5));
    assert_eq!(lines("B::Go::go"), Ok(5));
    assert_eq!(lines("Stay::go"), Ok(6));
    assert_eq!(lines("TABLE"), Ok(7));
    for ambiguous in ["go", "Go::go"] {
        assert!(lines(ambiguous).unwrap_err().contains("the type, the trait or the module"), "{ambiguous}");
    }
}

#[test]
fn of_several_that_have_the_name_the_one_that_holds_the_code_is_meant() {
    let text = "fn a() { one() } mod b { fn a() { two() } }";
    assert_eq!(planted(text, "a", "two()", "0").unwrap(), "fn a() { one() } mod b { fn a() { 0 } }");
}

#[test]
fn a_function_inside_of_another_is_found_by_its_own_name() {
    let text = "fn a() { fn b() { one() } b() }";
    let planted = |name| planted(text, name, "one()", "two()").unwrap();
    assert_eq!(planted("b"), "fn a() { fn b() { two() } b() }");
    assert_eq!((planted("a::b"), planted("a")), (planted("b"), planted("b")));
}

#[test]
fn a_function_may_move_to_any_file_but_one_for_tests() {
    let function = "fn a() { one() }";
    let lib = "mod b; mod c { mod d; } #[cfg(test)] mod tests; #[cfg(test)] mod more { fn a() { one() } }";
    let homes: [(&str, &[(&str, &str)]); 4] = [
        ("b.rs", &[("c/d.rs", "")]),
        ("b/mod.rs", &[("c/d.rs", "")]),
        ("c/d.rs", &[("b.rs", "")]),
        ("c/d/e.rs", &[("b.rs", ""), ("c/d.rs", "mod e;")]),
    ];
    for (home, others) in homes {
        let code = code(&[&[("lib.rs", lib), ("tests.rs", function), (home, function)], others].concat());
        assert_eq!(code.place("a", "one()").map(|place| place.file), Ok(home));
    }
}

#[test]
fn what_is_wrong_with_a_place_is_reported_with_what_to_do() {
    let text = "fn a() { one(); one() }\nfn b() { two() }";
    let why = |name, old| planted(text, name, old, "").unwrap_err();
    assert_eq!(
        why("a", "one()"),
        "has to stand once in what is called `a`, and stands there 2 times:\n    one()\n  1 of this name\n    \
         2 in `a` (src/lib.rs:1)\n  take more of the code around it into `old`"
    );
    assert!(why("a", "two()").ends_with("if that is one of `b` (src/lib.rs:2)"), "{}", why("a", "two()"));
    assert!(why("c", "two()").contains("0 of this name"));
    assert!(why("c", "three()").contains("name the function that does this by now"));
    assert!(why("a", "three()").contains("take `old` anew"));
    assert!(why("a", "one(").contains("do its brackets match?"));
    assert!(why("a", "// one()").contains("does not say which code"));
}
