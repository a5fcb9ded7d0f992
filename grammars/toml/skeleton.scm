; What a skeleton of a TOML file may leave out.

(comment) @comment
(array) @value
(pair (string) @text)
