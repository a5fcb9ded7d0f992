; What the source view colours in makefiles. `codereader.fronts.tui.source.highlight` tells the captures.

(comment) @comment
(string) @string
(escape) @escape
(variable_assignment name: (_) @property)
(shell_assignment name: (_) @property)
(define_directive name: (_) @definition)
[(variable_reference) (substitution_reference)] @type
(automatic_variable) @constant
["abspath" "addprefix" "addsuffix" "and" "basename" "call" "dir" "error" "eval" "file" "filter" "filter-out" "findstring"
  "firstword" "flavor" "foreach" "if" "info" "join" "lastword" "notdir" "or" "origin" "patsubst" "realpath" "shell"
  "sort" "strip" "subst" "suffix" "value" "warning" "wildcard" "word" "wordlist" "words"] @function

["define" "endef" "else" "endif" "export" "unexport" "ifdef" "ifndef" "ifeq" "ifneq" "include" "-include" "sinclude"
  "override" "private" "undefine" "vpath"] @preprocessor

["=" ":=" "::=" "?=" "+=" "!=" ":" "::" "&:" "|"] @operator
