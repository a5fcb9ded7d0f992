; What the index reads from shell scripts.

(comment) @doc

(function_definition name: (_) @name body: (_) @body) @definition.function
((function_definition name: (_) @name body: (_) @body) @definition.function @entry (#eq? @name "main"))
(program (variable_assignment name: (variable_name) @name) @definition.variable)
(program (declaration_command (variable_assignment name: (variable_name) @name) @definition.variable))

((command name: (command_name (word) @reference.call)) (#not-match? @reference.call
  "^(?:echo|printf|cd|exit|return|set|shift|test|\\[|true|false|source|\\.|eval|exec|read|local|unset|trap|export|let|:)$"))

((command name: (command_name (word) @_source) argument: [(word) (string) (raw_string) (concatenation)] @target) @import
  (#any-of? @_source "source" "."))

(ERROR) @error
(MISSING) @error
