package githubtest

import "net/http"

// graphqlRefusal is an answer of 200 whose errors say why there is no data.
func graphqlRefusal(kind, message string) *Response {
	var w writer
	w.open()
	w.array("errors")
	w.open()
	w.str("type", kind)
	w.str("message", message)
	w.close()
	w.end()
	w.close()
	return answer(http.StatusOK, w.b)
}
