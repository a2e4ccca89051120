package generator_test

const nothingHere = "nothing at this path"
