; What the source view colours in shell scripts. `codereader.fronts.tui.source.highlight` tells the captures.

(comment) @comment
[(string) (raw_string) (ansi_c_string) (translated_string) (heredoc_body) (regex)] @string
[(heredoc_start) (heredoc_end)] @label
[(number) (file_descriptor)] @number
[(command_substitution) (process_substitution)] @plain
[(simple_expansion) (expansion)] @property
(variable_name) @property
(special_variable_name) @constant
(command_name) @function
(function_definition name: (word) @definition)
(test_operator) @operator

["case" "declare" "do" "done" "elif" "else" "esac" "export" "fi" "for" "function" "if" "in" "local" "readonly" "select"
  "then" "typeset" "unset" "unsetenv" "until" "while"] @keyword

["!" "&" "&&" "&>" "&>>" "<" "<<" "<<-" "<<<" "=" "+=" "==" "=~" "!=" ">" ">&" ">>" "|" "|&" "||" ";;" "[[" "]]" "[" "]"
  "((" "))"] @operator
