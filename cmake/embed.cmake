# cmake -DOUT=FILE.c -DNAME=symbol -DIN="a;b" -P embed.cmake: the files, one
# after the other, as a C array and its length.
set(hex "")
foreach(file ${IN})
  file(READ "${file}" part HEX)
  string(APPEND hex "${part}")
endforeach()
string(LENGTH "${hex}" digits)
math(EXPR bytes "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," body "${hex}")
string(REGEX REPLACE "('....','....','....','....','....','....','....','....',)"
       "\\1\n" body "${body}")
file(WRITE "${OUT}" "extern const char ${NAME}[];\n"
     "extern const unsigned ${NAME}_bytes;\n"
     "const char ${NAME}[] = {${body}0};\n"
     "const unsigned ${NAME}_bytes = ${bytes};\n")
