; What a skeleton of a shell script may leave out.

(comment) @comment
(function_definition name: (_) @name body: (_) @body) @function
(heredoc_body) @text
(array) @value
