/// Completions for a shell, as ArgumentParser makes them, with what its options don't reach put right.
enum CompletionScript {
    /// In bash, behind `--set name=` comes a value: no space, and no backslash before the sign.
    static func improved(_ text: String, of program: String) -> String {
        let registration = "complete -o filenames -F "
        guard text.hasPrefix("#!/bin/bash"), let last = text.split(separator: "\n").last,
            last.hasPrefix(registration),
            let inner = last.dropFirst(registration.count).split(separator: " ").first
        else { return text }
        return text.replacing(
            String(last),
            with: """
                \(inner)_with_values() {
                    \(inner) "$@"
                    if [[ "${COMPREPLY[0]-}" == *= ]]; then compopt -o nospace +o filenames 2>/dev/null; fi
                }

                \(registration)\(inner)_with_values \(program)
                """)
    }
}
