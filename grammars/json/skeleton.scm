; What a skeleton of a JSON file may leave out.

(comment) @comment
(object) @value
(array) @value
