; What the source view colours in JSON. `codereader.fronts.tui.source.highlight` tells the captures.

(comment) @comment
(string) @string
(pair key: (string) @property)
(escape_sequence) @escape
(number) @number
[(true) (false) (null)] @constant
