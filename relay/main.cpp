#include "relay/app/program.hpp"

int main(int argc, char** argv) { return tongke::relay::run_program(argc, argv); }
