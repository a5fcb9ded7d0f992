; What the source view colours in Markdown. `codereader.fronts.tui.source.highlight` tells the captures.

[(atx_heading) (setext_heading)] @heading
[(fenced_code_block) (indented_code_block)] @string
(info_string) @label
[(fenced_code_block_delimiter) (thematic_break) (pipe_table_delimiter_row)] @operator
[(list_marker_minus) (list_marker_plus) (list_marker_star) (list_marker_dot) (list_marker_parenthesis)
  (task_list_marker_checked) (task_list_marker_unchecked)] @keyword
(block_quote) @comment
(html_block) @comment
(pipe_table_header) @heading
(link_label) @property
(link_destination) @string
[(minus_metadata) (plus_metadata)] @attribute
