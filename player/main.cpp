#include "player/app/program.hpp"

int main(int argc, char** argv) { return tongke::player::run_program(argc, argv); }
