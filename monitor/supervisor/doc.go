// Package supervisor keeps the worker processes of one machine running, and finds, names and ends the processes of a backend.
//
// `augur backend start` claims a [PIDFile], runs a [Supervisor] beside the monitor and the web server, and gives the file back at its end;
// the other commands of that group find the backend with [Find] and its processes with [Processes]. It knows nothing about jobs or the
// database: what a worker does is in the program that it starts, and what becomes of a dead worker's jobs is the monitor's business.
//
// The words:
//
//   - A backend is one run of `augur backend start`: a process, and everything that it started.
//   - The mark is a random text in the environment of every process below a backend ([MarkVariable]), by which they are found when the
//     backend itself is gone.
//   - A worker is a child of the backend: the same program with other arguments, in a process group of its own, so that Ctrl-C reaches
//     only the backend.
//   - The lifeline is a pipe between backend and worker, standard input to the worker. Nothing is ever written to it. When the backend dies, however
//     it dies, the worker reads its end, and stops in order.
//   - The grace is how long a worker may take to stop in order before it and everything below it is killed.
package supervisor
