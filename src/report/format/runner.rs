//! inert-output, checked: what CI runners and terminals do with an output. Written from what those programs do, and
//! shares no code with the rest of enact. The tests of the binary use this file, too.

/// The first line that acts on something that reads the output. In a colored one, colours may.
pub(crate) fn live(output: &str, colored: bool) -> Option<String> {
    let plain = without_colors(output);
    let acts = |c: &char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let on_terminal = if colored { &plain } else { output };
    let character = on_terminal.chars().filter(|c| !matches!(c, '\n' | '\t')).find(acts);
    let character = character.map(|c| format!("{c:?} in {output:?}"));
    let lines = [output, &plain, &without_ignored(output)].map(str::to_owned);
    let lines = lines.iter().flat_map(|text| text.split(['\n', '\r']));
    character.or(lines.map(str::to_owned).find(|line| is_command(line)))
}

/// The same for an output that may hold annotations, one a line: nothing in one acts, and neither does anything else.
pub(crate) fn live_beside_annotations(output: &str) -> Option<String> {
    let parts = output.split('\n').flat_map(|line| annotation(line).unwrap_or_else(|| vec![line.to_owned()]));
    parts.filter_map(|part| live(&part, false)).next()
}

/// What the runner makes of a line that is an annotation: its properties, its message, and the text of it all.
fn annotation(line: &str) -> Option<Vec<String>> {
    let levels = ["::error ", "::warning ", "::notice "];
    let rest = levels.into_iter().find_map(|level| line.strip_prefix(level))?;
    let (properties, message) = rest.split_once("::")?;
    let decoded = |text: &str| {
        let text = text.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",");
        text.replace("%25", "%")
    };
    let mut parts = vec![rest.to_owned(), decoded(message)];
    for property in properties.split(',') {
        let (name, value) = property.split_once('=')?;
        ["file", "line", "col", "endColumn", "title"].contains(&name).then_some(())?;
        parts.push(decoded(value));
    }
    Some(parts)
}

fn is_command(line: &str) -> bool {
    // actions/runner, `ActionCommand.TryParseV2` and `TryParse`; Gitea's and `act`'s are like them.
    let github = line.trim_start().starts_with("::") || line.contains("##[");
    let line = line.to_ascii_lowercase();
    let others = ["##vso[", "##teamcity[", "##octopus[", "section_start:", "section_end:", "travis_fold:"];
    github || others.iter().any(|command| line.contains(command))
}

/// As .NET compares: as if these characters were not there.
fn without_ignored(output: &str) -> String {
    let ignored = |c: &char| {
        matches!(c, '\u{0}'..='\u{8}' | '\u{ad}' | '\u{34f}' | '\u{70f}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
    };
    output.chars().filter(|c| !ignored(c)).collect()
}

fn without_colors(output: &str) -> String {
    let mut parts = output.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| match part.split_once('m') {
        Some((style, after)) if style.chars().all(|c| c.is_ascii_digit() || c == ';') => text + after,
        _ => format!("{text}\u{1b}[{part}"),
    })
}
