package config

import "time"

// legacy are the sections of Augur's table that no part of the program reads yet. They are written by [Init], so that the table looks as people know it.
func legacy() []Section {
	return []Section{
		NewSection[augur]("Augur"),
		NewSection[clustering]("Clustering_Task"),
		NewSection[frontend]("Frontend"),
		NewSection[messageInsights]("Message_Insights"),
	}
}

// augur is section Augur of the settings table: marks of the installation.
type augur struct {
	_ struct{} `section:"Augur" effect:"restart"`

	// 1 let errors of some tasks pass to the terminal.
	Developer bool `setting:"developer" default:"0" type:"int" unused:"errors are always logged in full"`
	// Version of the settings.
	Version int `setting:"version" default:"1" min:"1" max:"1000" unused:"augur_operations has the schema's version"`
}

// clustering is section Clustering_Task of the settings table: groups of repositories with similar messages.
type clustering struct {
	_ struct{} `section:"Clustering_Task" effect:"next task" unused:"no task compares messages yet"`

	// Words in a larger part of the messages than this are left out.
	MaxDF float64 `setting:"max_df" default:"0.9" min:"0" max:"1"`
	// Most words and groups of words that are compared.
	MaxFeatures int `setting:"max_features" default:"1000" min:"1" max:"1000000"`
	// Words in a smaller part of the messages than this are left out.
	MinDF float64 `setting:"min_df" default:"0.1" min:"0" max:"1"`
	// How many groups are made.
	Clusters int `setting:"num_clusters" default:"4" min:"1" max:"1000"`
}

// frontend is section Frontend of the settings table: pages of Augur's web interface.
type frontend struct {
	_ struct{} `section:"Frontend" effect:"at once"`

	// Rows of one page.
	PaginationOffset int `setting:"pagination_offset" default:"25" min:"1" max:"1000" unused:"pages decide themselves"`
}

// messageInsights is section Message_Insights of the settings table: sentiment and novelty of messages.
type messageInsights struct {
	_ struct{} `section:"Message_Insights" effect:"next task" unused:"no task rates messages yet"`

	// Days of messages that are rated.
	InsightWindow time.Duration `setting:"insight_days" default:"30" unit:"24h" min:"1" max:"3650"`
	// Directory of the models.
	ModelsDir string `setting:"models_dir" default:"message_models"`
}
