BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('v3.2.0.a');
CREATE TABLE studies (
	study_id INTEGER NOT NULL, 
	study_name VARCHAR(512) NOT NULL, 
	PRIMARY KEY (study_id)
);
INSERT INTO "studies" VALUES(1,'search');
CREATE TABLE study_directions (
	study_direction_id INTEGER NOT NULL, 
	direction VARCHAR(8) NOT NULL, 
	study_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	PRIMARY KEY (study_direction_id), 
	UNIQUE (study_id, objective), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_directions" VALUES(1,'MAXIMIZE',1,0);
CREATE TABLE study_system_attributes (
	study_system_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_system_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_system_attributes" VALUES(1,1,'study:metric_names','["validation accuracy"]');
CREATE TABLE study_user_attributes (
	study_user_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_user_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_user_attributes" VALUES(1,1,'spec','{"schema_version": 1, "name": "search", "dataset": {"name": "digits", "path": null, "digest": "b3022bde089df506ddfe1dbdc6d52bab-961abdce2667cf115965e9ec35c50bd7", "train_images": 1500, "test_images": 297, "fallback": false}, "precision": "float32", "search": {"space": {"name": "mlp", "family": "mlp", "description": "Multilayer perceptrons: depth, width, norm, dropout, start and optimizer", "source": "/work/wt/base/search_spaces/mlp.toml", "parameters": [{"name": "dense_layers", "per": null, "type": "int", "low": 1, "high": 5, "log": false, "step": 1, "conditions": []}, {"name": "units_1", "per": "dense", "type": "int", "low": 32, "high": 1024, "log": true, "step": 1, "conditions": []}, {"name": "units_2", "per": "dense", "type": "int", "low": 32, "high": 1024, "log": true, "step": 1, "conditions": [{"parameter": "dense_layers", "at_least": 2}]}, {"name": "units_3", "per": "dense", "type": "int", "low": 32, "high": 1024, "log": true, "step": 1, "conditions": [{"parameter": "dense_layers", "at_least": 3}]}, {"name": "units_4", "per": "dense", "type": "int", "low": 32, "high": 1024, "log": true, "step": 1, "conditions": [{"parameter": "dense_layers", "at_least": 4}]}, {"name": "units_5", "per": "dense", "type": "int", "low": 32, "high": 1024, "log": true, "step": 1, "conditions": [{"parameter": "dense_layers", "at_least": 5}]}, {"name": "dense_norm", "per": null, "type": "choice", "choices": ["none", "before-activation", "after-activation", "before-head"], "conditions": []}, {"name": "dense_dropout", "per": null, "type": "float", "low": 0.0, "high": 0.6, "log": false, "step": 0.05, "conditions": []}, {"name": "activation", "per": null, "type": "choice", "choices": ["relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu"], "conditions": []}, {"name": "initializer", "per": null, "type": "choice", "choices": ["glorot-uniform", "he-normal", "lecun-normal", "random-normal"], "conditions": []}, {"name": "init_stddev_1", "per": "dense", "type": "float", "low": 0.02, "high": 0.2, "log": true, "step": null, "conditions": [{"parameter": "initializer", "choices": ["random-normal"]}]}, {"name": "init_stddev_2", "per": "dense", "type": "float", "low": 0.02, "high": 0.2, "log": true, "step": null, "conditions": [{"parameter": "dense_layers", "at_least": 2}, {"parameter": "initializer", "choices": ["random-normal"]}]}, {"name": "init_stddev_3", "per": "dense", "type": "float", "low": 0.02, "high": 0.2, "log": true, "step": null, "conditions": [{"parameter": "dense_layers", "at_least": 3}, {"parameter": "initializer", "choices": ["random-normal"]}]}, {"name": "init_stddev_4", "per": "dense", "type": "float", "low": 0.02, "high": 0.2, "log": true, "step": null, "conditions": [{"parameter": "dense_layers", "at_least": 4}, {"parameter": "initializer", "choices": ["random-normal"]}]}, {"name": "init_stddev_5", "per": "dense", "type": "float", "low": 0.02, "high": 0.2, "log": true, "step": null, "conditions": [{"parameter": "dense_layers", "at_least": 5}, {"parameter": "initializer", "choices": ["random-normal"]}]}, {"name": "output_initializer", "per": null, "type": "choice", "choices": ["glorot-uniform", "random-normal"], "conditions": [{"parameter": "initializer", "choices": ["random-normal"]}]}, {"name": "optimizer", "per": null, "type": "choice", "choices": ["adam", "adamw", "nadam", "rmsprop", "sgd", "adadelta"], "conditions": []}, {"name": "learning_rate_adadelta", "per": null, "type": "float", "low": 0.2, "high": 2.0, "log": true, "step": null, "conditions": [{"parameter": "optimizer", "choices": ["adadelta"]}]}, {"name": "learning_rate_adam", "per": null, "type": "float", "low": 0.0001, "high": 0.005, "log": true, "step": null, "conditions": [{"parameter": "optimizer", "choices": ["adam"]}]}, {"name": "learning_rate_adamw", "per": null, "type": "float", "low": 0.0001, "high": 0.01, "log": true, "step": null, "conditions": [{"parameter": "optimizer", "choices": ["adamw"]}]}, {"name": "learning_rate_nadam", "per": null, "type": "float", "low": 0.0001, "high": 0.005, "log": true, "step": null, "conditions": [{"parameter": "optimizer", "choices": ["nadam"]}]}, {"name": "learning_rate_rmsprop", "per": null, "type": "float", "low": 0.0001, "high": 0.003, "log": true, "step": null, "conditions": [{"parameter": "optimizer", "choices": ["rmsprop"]}]}, {"name": "learning_rate_sgd", "per": null, "type": "float", "low": 0.01, "high": 0.5, "log": true, "step": null, "conditions": [{"parameter": "optimizer", "choices": ["sgd"]}]}, {"name": "momentum", "per": null, "type": "float", "low": 0.5, "high": 0.98, "log": false, "step": null, "conditions": [{"parameter": "optimizer", "choices": ["sgd"]}]}, {"name": "nesterov", "per": null, "type": "choice", "choices": [true, false], "conditions": [{"parameter": "optimizer", "choices": ["sgd"]}]}, {"name": "weight_decay", "per": null, "type": "float", "low": 0.0001, "high": 0.1, "log": true, "step": null, "conditions": [{"parameter": "optimizer", "choices": ["adamw"]}]}, {"name": "schedule", "per": null, "type": "choice", "choices": ["constant", "cosine", "one-cycle"], "conditions": []}, {"name": "batch_size", "per": null, "type": "int", "low": 32, "high": 512, "log": true, "step": 1, "conditions": []}, {"name": "augmentation", "per": null, "type": "choice", "choices": [true, false], "conditions": []}], "fixed": {"rho": 0.95, "rotation_degrees": 10.0, "zoom": 0.1, "shift": 0.1, "output_stddev": 0.05}}, "engine": "optuna", "sampler": "tpe", "pruner": "halving", "epochs": 8, "seed": 0, "max_params": null, "max_flops": null, "objectives": ["val_accuracy"]}}');
INSERT INTO "study_user_attributes" VALUES(2,1,'data set','"digits, 1,500 + 297 images"');
INSERT INTO "study_user_attributes" VALUES(3,1,'purpose','"search of space mlp: optuna tpe, halving, up to 8 epochs"');
INSERT INTO "study_user_attributes" VALUES(4,1,'sessions','[{"words": ["run", "--space", "mlp", "-n", "8", "--study", "search", "--dataset", "digits", "--home", "home", "--workers", "2", "--with-references", "-q", "-f", "json"], "settings": {"MNIST_SEARCH_TRAINER": "surrogate-inline"}, "version": "0.1.0", "machine": "2d810281", "started": 1795845432.3705823, "trials_before": 0, "ended": 1795845433.1466897, "trials_after": 8}]');
INSERT INTO "study_user_attributes" VALUES(5,1,'seconds','0.6483144599999378');
CREATE TABLE trial_heartbeats (
	trial_heartbeat_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	heartbeat DATETIME NOT NULL, 
	PRIMARY KEY (trial_heartbeat_id), 
	UNIQUE (trial_id), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_intermediate_values (
	trial_intermediate_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	intermediate_value FLOAT, 
	intermediate_value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_intermediate_value_id), 
	UNIQUE (trial_id, step), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_intermediate_values" VALUES(1,1,1,0.436,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(2,2,1,0.444,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(3,1,4,0.804,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(4,2,4,0.824,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(5,1,8,0.884,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(6,2,8,0.904,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(7,1,12,0.892,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(8,2,12,0.912,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(9,1,16,0.892,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(10,2,16,0.912,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(11,1,20,0.892,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(12,2,20,0.912,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(13,1,24,0.896,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(14,2,24,0.912,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(15,1,28,0.892,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(16,2,28,0.912,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(17,1,32,0.892,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(18,2,32,0.916,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(19,3,1,0.44,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(20,4,1,0.452,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(21,4,4,0.84,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(22,4,8,0.92,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(23,5,1,0.44,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(24,4,12,0.928,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(25,4,16,0.932,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(26,4,20,0.932,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(27,6,1,0.448,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(28,4,24,0.932,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(29,6,4,0.832,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(30,4,28,0.932,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(31,4,32,0.932,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(32,7,1,0.452,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(33,7,4,0.84,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(34,8,1,0.44,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(35,7,8,0.92,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(36,7,12,0.932,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(37,7,16,0.932,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(38,7,20,0.932,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(39,7,24,0.932,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(40,7,28,0.932,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(41,7,32,0.932,'FINITE');
CREATE TABLE trial_params (
	param_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	param_name VARCHAR(512), 
	param_value FLOAT, 
	distribution_json TEXT, 
	PRIMARY KEY (param_id), 
	UNIQUE (trial_id, param_name), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_params" VALUES(1,1,'dense_layers',3.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 5}}');
INSERT INTO "trial_params" VALUES(2,1,'units_1',128.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(3,1,'units_2',64.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(4,1,'units_3',32.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(5,1,'dense_norm',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation", "before-head"]}}');
INSERT INTO "trial_params" VALUES(6,1,'dense_dropout',0.0,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.6, "log": false}}');
INSERT INTO "trial_params" VALUES(7,1,'activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu"]}}');
INSERT INTO "trial_params" VALUES(8,1,'initializer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "he-normal", "lecun-normal", "random-normal"]}}');
INSERT INTO "trial_params" VALUES(9,1,'optimizer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["adam", "adamw", "nadam", "rmsprop", "sgd", "adadelta"]}}');
INSERT INTO "trial_params" VALUES(10,1,'learning_rate_adam',0.001,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 0.005, "log": true}}');
INSERT INTO "trial_params" VALUES(11,1,'schedule',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["constant", "cosine", "one-cycle"]}}');
INSERT INTO "trial_params" VALUES(12,1,'batch_size',32.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 512}}');
INSERT INTO "trial_params" VALUES(13,1,'augmentation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [true, false]}}');
INSERT INTO "trial_params" VALUES(14,2,'dense_layers',3.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 5}}');
INSERT INTO "trial_params" VALUES(15,2,'units_1',128.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(16,2,'units_2',64.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(17,2,'units_3',32.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(18,2,'dense_norm',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation", "before-head"]}}');
INSERT INTO "trial_params" VALUES(19,2,'dense_dropout',0.2,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.6, "log": false}}');
INSERT INTO "trial_params" VALUES(20,2,'activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu"]}}');
INSERT INTO "trial_params" VALUES(21,2,'initializer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "he-normal", "lecun-normal", "random-normal"]}}');
INSERT INTO "trial_params" VALUES(22,2,'optimizer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["adam", "adamw", "nadam", "rmsprop", "sgd", "adadelta"]}}');
INSERT INTO "trial_params" VALUES(23,2,'learning_rate_adam',0.001,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 0.005, "log": true}}');
INSERT INTO "trial_params" VALUES(24,2,'schedule',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["constant", "cosine", "one-cycle"]}}');
INSERT INTO "trial_params" VALUES(25,2,'batch_size',32.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 512}}');
INSERT INTO "trial_params" VALUES(26,2,'augmentation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [true, false]}}');
INSERT INTO "trial_params" VALUES(27,3,'dense_layers',2.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 5}}');
INSERT INTO "trial_params" VALUES(28,3,'units_1',364.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(29,3,'units_2',212.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(30,3,'dense_norm',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation", "before-head"]}}');
INSERT INTO "trial_params" VALUES(31,3,'dense_dropout',0.0,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.6, "log": false}}');
INSERT INTO "trial_params" VALUES(32,3,'activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu"]}}');
INSERT INTO "trial_params" VALUES(33,3,'initializer',3.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "he-normal", "lecun-normal", "random-normal"]}}');
INSERT INTO "trial_params" VALUES(34,3,'init_stddev_1',0.074,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.02, "high": 0.2, "log": true}}');
INSERT INTO "trial_params" VALUES(35,3,'init_stddev_2',0.097,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.02, "high": 0.2, "log": true}}');
INSERT INTO "trial_params" VALUES(36,3,'output_initializer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "random-normal"]}}');
INSERT INTO "trial_params" VALUES(37,3,'optimizer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["adam", "adamw", "nadam", "rmsprop", "sgd", "adadelta"]}}');
INSERT INTO "trial_params" VALUES(38,3,'learning_rate_adam',0.001,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 0.005, "log": true}}');
INSERT INTO "trial_params" VALUES(39,3,'schedule',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["constant", "cosine", "one-cycle"]}}');
INSERT INTO "trial_params" VALUES(40,3,'batch_size',128.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 512}}');
INSERT INTO "trial_params" VALUES(41,3,'augmentation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [true, false]}}');
INSERT INTO "trial_params" VALUES(42,4,'dense_layers',3.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 5}}');
INSERT INTO "trial_params" VALUES(43,4,'units_1',401.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(44,4,'units_2',219.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(45,4,'units_3',121.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(46,4,'dense_norm',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation", "before-head"]}}');
INSERT INTO "trial_params" VALUES(47,4,'dense_dropout',0.5,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.6, "log": false}}');
INSERT INTO "trial_params" VALUES(48,4,'activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu"]}}');
INSERT INTO "trial_params" VALUES(49,4,'initializer',3.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "he-normal", "lecun-normal", "random-normal"]}}');
INSERT INTO "trial_params" VALUES(50,4,'init_stddev_1',0.07,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.02, "high": 0.2, "log": true}}');
INSERT INTO "trial_params" VALUES(51,4,'init_stddev_2',0.095,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.02, "high": 0.2, "log": true}}');
INSERT INTO "trial_params" VALUES(52,4,'init_stddev_3',0.128,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.02, "high": 0.2, "log": true}}');
INSERT INTO "trial_params" VALUES(53,4,'output_initializer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "random-normal"]}}');
INSERT INTO "trial_params" VALUES(54,4,'optimizer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["adam", "adamw", "nadam", "rmsprop", "sgd", "adadelta"]}}');
INSERT INTO "trial_params" VALUES(55,4,'learning_rate_adam',0.001,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 0.005, "log": true}}');
INSERT INTO "trial_params" VALUES(56,4,'schedule',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["constant", "cosine", "one-cycle"]}}');
INSERT INTO "trial_params" VALUES(57,4,'batch_size',128.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 512}}');
INSERT INTO "trial_params" VALUES(58,4,'augmentation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [true, false]}}');
INSERT INTO "trial_params" VALUES(59,5,'dense_layers',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 5}}');
INSERT INTO "trial_params" VALUES(60,5,'units_1',784.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(61,5,'dense_norm',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation", "before-head"]}}');
INSERT INTO "trial_params" VALUES(62,5,'dense_dropout',0.0,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.6, "log": false}}');
INSERT INTO "trial_params" VALUES(63,5,'activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu"]}}');
INSERT INTO "trial_params" VALUES(64,5,'initializer',3.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "he-normal", "lecun-normal", "random-normal"]}}');
INSERT INTO "trial_params" VALUES(65,5,'init_stddev_1',0.05,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.02, "high": 0.2, "log": true}}');
INSERT INTO "trial_params" VALUES(66,5,'output_initializer',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "random-normal"]}}');
INSERT INTO "trial_params" VALUES(67,5,'optimizer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["adam", "adamw", "nadam", "rmsprop", "sgd", "adadelta"]}}');
INSERT INTO "trial_params" VALUES(68,5,'learning_rate_adam',0.001,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 0.005, "log": true}}');
INSERT INTO "trial_params" VALUES(69,5,'schedule',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["constant", "cosine", "one-cycle"]}}');
INSERT INTO "trial_params" VALUES(70,5,'batch_size',200.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 512}}');
INSERT INTO "trial_params" VALUES(71,5,'augmentation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [true, false]}}');
INSERT INTO "trial_params" VALUES(72,6,'dense_layers',2.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 5}}');
INSERT INTO "trial_params" VALUES(73,6,'units_1',532.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(74,6,'units_2',384.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(75,6,'dense_norm',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation", "before-head"]}}');
INSERT INTO "trial_params" VALUES(76,6,'dense_dropout',0.0,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.6, "log": false}}');
INSERT INTO "trial_params" VALUES(77,6,'activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu"]}}');
INSERT INTO "trial_params" VALUES(78,6,'initializer',3.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "he-normal", "lecun-normal", "random-normal"]}}');
INSERT INTO "trial_params" VALUES(79,6,'init_stddev_1',0.061,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.02, "high": 0.2, "log": true}}');
INSERT INTO "trial_params" VALUES(80,6,'init_stddev_2',0.072,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.02, "high": 0.2, "log": true}}');
INSERT INTO "trial_params" VALUES(81,6,'output_initializer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "random-normal"]}}');
INSERT INTO "trial_params" VALUES(82,6,'optimizer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["adam", "adamw", "nadam", "rmsprop", "sgd", "adadelta"]}}');
INSERT INTO "trial_params" VALUES(83,6,'learning_rate_adam',0.001,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 0.005, "log": true}}');
INSERT INTO "trial_params" VALUES(84,6,'schedule',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["constant", "cosine", "one-cycle"]}}');
INSERT INTO "trial_params" VALUES(85,6,'batch_size',128.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 512}}');
INSERT INTO "trial_params" VALUES(86,6,'augmentation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [true, false]}}');
INSERT INTO "trial_params" VALUES(87,7,'dense_layers',2.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 5}}');
INSERT INTO "trial_params" VALUES(88,7,'units_1',532.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(89,7,'units_2',384.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(90,7,'dense_norm',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation", "before-head"]}}');
INSERT INTO "trial_params" VALUES(91,7,'dense_dropout',0.5,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.6, "log": false}}');
INSERT INTO "trial_params" VALUES(92,7,'activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu"]}}');
INSERT INTO "trial_params" VALUES(93,7,'initializer',3.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "he-normal", "lecun-normal", "random-normal"]}}');
INSERT INTO "trial_params" VALUES(94,7,'init_stddev_1',0.061,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.02, "high": 0.2, "log": true}}');
INSERT INTO "trial_params" VALUES(95,7,'init_stddev_2',0.072,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.02, "high": 0.2, "log": true}}');
INSERT INTO "trial_params" VALUES(96,7,'output_initializer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "random-normal"]}}');
INSERT INTO "trial_params" VALUES(97,7,'optimizer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["adam", "adamw", "nadam", "rmsprop", "sgd", "adadelta"]}}');
INSERT INTO "trial_params" VALUES(98,7,'learning_rate_adam',0.001,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 0.005, "log": true}}');
INSERT INTO "trial_params" VALUES(99,7,'schedule',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["constant", "cosine", "one-cycle"]}}');
INSERT INTO "trial_params" VALUES(100,7,'batch_size',128.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 512}}');
INSERT INTO "trial_params" VALUES(101,7,'augmentation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [true, false]}}');
INSERT INTO "trial_params" VALUES(102,8,'dense_layers',3.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 5}}');
INSERT INTO "trial_params" VALUES(103,8,'units_1',621.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(104,8,'units_2',333.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(105,8,'units_3',161.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 1024}}');
INSERT INTO "trial_params" VALUES(106,8,'dense_norm',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation", "before-head"]}}');
INSERT INTO "trial_params" VALUES(107,8,'dense_dropout',0.0,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.6, "log": false}}');
INSERT INTO "trial_params" VALUES(108,8,'activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu"]}}');
INSERT INTO "trial_params" VALUES(109,8,'initializer',3.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "he-normal", "lecun-normal", "random-normal"]}}');
INSERT INTO "trial_params" VALUES(110,8,'init_stddev_1',0.056,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.02, "high": 0.2, "log": true}}');
INSERT INTO "trial_params" VALUES(111,8,'init_stddev_2',0.077,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.02, "high": 0.2, "log": true}}');
INSERT INTO "trial_params" VALUES(112,8,'init_stddev_3',0.111,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.02, "high": 0.2, "log": true}}');
INSERT INTO "trial_params" VALUES(113,8,'output_initializer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "random-normal"]}}');
INSERT INTO "trial_params" VALUES(114,8,'optimizer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["adam", "adamw", "nadam", "rmsprop", "sgd", "adadelta"]}}');
INSERT INTO "trial_params" VALUES(115,8,'learning_rate_adam',0.001,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0001, "high": 0.005, "log": true}}');
INSERT INTO "trial_params" VALUES(116,8,'schedule',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["constant", "cosine", "one-cycle"]}}');
INSERT INTO "trial_params" VALUES(117,8,'batch_size',128.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 512}}');
INSERT INTO "trial_params" VALUES(118,8,'augmentation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [true, false]}}');
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_system_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_system_attributes" VALUES(1,1,'fixed_params','{"dense_layers": 3, "units_1": 128, "units_2": 64, "units_3": 32, "dense_norm": "none", "dense_dropout": 0.0, "activation": "relu", "initializer": "glorot-uniform", "optimizer": "adam", "learning_rate_adam": 0.001, "schedule": "constant", "batch_size": 32, "augmentation": false}');
INSERT INTO "trial_system_attributes" VALUES(2,2,'fixed_params','{"dense_layers": 3, "units_1": 128, "units_2": 64, "units_3": 32, "dense_norm": "none", "dense_dropout": 0.2, "activation": "relu", "initializer": "glorot-uniform", "optimizer": "adam", "learning_rate_adam": 0.001, "schedule": "constant", "batch_size": 32, "augmentation": false}');
INSERT INTO "trial_system_attributes" VALUES(3,3,'fixed_params','{"dense_layers": 2, "units_1": 364, "units_2": 212, "dense_norm": "none", "dense_dropout": 0.0, "activation": "relu", "initializer": "random-normal", "init_stddev_1": 0.074, "init_stddev_2": 0.097, "output_initializer": "glorot-uniform", "optimizer": "adam", "learning_rate_adam": 0.001, "schedule": "constant", "batch_size": 128, "augmentation": false}');
INSERT INTO "trial_system_attributes" VALUES(4,4,'fixed_params','{"dense_layers": 3, "units_1": 401, "units_2": 219, "units_3": 121, "dense_norm": "after-activation", "dense_dropout": 0.5, "activation": "relu", "initializer": "random-normal", "init_stddev_1": 0.07, "init_stddev_2": 0.095, "init_stddev_3": 0.128, "output_initializer": "glorot-uniform", "optimizer": "adam", "learning_rate_adam": 0.001, "schedule": "constant", "batch_size": 128, "augmentation": false}');
INSERT INTO "trial_system_attributes" VALUES(5,5,'fixed_params','{"dense_layers": 1, "units_1": 784, "dense_norm": "none", "dense_dropout": 0.0, "activation": "relu", "initializer": "random-normal", "init_stddev_1": 0.05, "output_initializer": "random-normal", "optimizer": "adam", "learning_rate_adam": 0.001, "schedule": "constant", "batch_size": 200, "augmentation": false}');
INSERT INTO "trial_system_attributes" VALUES(6,6,'fixed_params','{"dense_layers": 2, "units_1": 532, "units_2": 384, "dense_norm": "after-activation", "dense_dropout": 0.0, "activation": "relu", "initializer": "random-normal", "init_stddev_1": 0.061, "init_stddev_2": 0.072, "output_initializer": "glorot-uniform", "optimizer": "adam", "learning_rate_adam": 0.001, "schedule": "constant", "batch_size": 128, "augmentation": false}');
INSERT INTO "trial_system_attributes" VALUES(7,7,'fixed_params','{"dense_layers": 2, "units_1": 532, "units_2": 384, "dense_norm": "after-activation", "dense_dropout": 0.5, "activation": "relu", "initializer": "random-normal", "init_stddev_1": 0.061, "init_stddev_2": 0.072, "output_initializer": "glorot-uniform", "optimizer": "adam", "learning_rate_adam": 0.001, "schedule": "constant", "batch_size": 128, "augmentation": false}');
INSERT INTO "trial_system_attributes" VALUES(8,8,'fixed_params','{"dense_layers": 3, "units_1": 621, "units_2": 333, "units_3": 161, "dense_norm": "none", "dense_dropout": 0.0, "activation": "relu", "initializer": "random-normal", "init_stddev_1": 0.056, "init_stddev_2": 0.077, "init_stddev_3": 0.111, "output_initializer": "glorot-uniform", "optimizer": "adam", "learning_rate_adam": 0.001, "schedule": "constant", "batch_size": 128, "augmentation": false}');
INSERT INTO "trial_system_attributes" VALUES(9,1,'completed_rung_0','0.436');
INSERT INTO "trial_system_attributes" VALUES(10,2,'completed_rung_0','0.444');
INSERT INTO "trial_system_attributes" VALUES(11,1,'completed_rung_1','0.804');
INSERT INTO "trial_system_attributes" VALUES(12,2,'completed_rung_1','0.824');
INSERT INTO "trial_system_attributes" VALUES(13,3,'completed_rung_0','0.44');
INSERT INTO "trial_system_attributes" VALUES(14,4,'completed_rung_0','0.452');
INSERT INTO "trial_system_attributes" VALUES(15,4,'completed_rung_1','0.84');
INSERT INTO "trial_system_attributes" VALUES(16,5,'completed_rung_0','0.44');
INSERT INTO "trial_system_attributes" VALUES(17,6,'completed_rung_0','0.448');
INSERT INTO "trial_system_attributes" VALUES(18,6,'completed_rung_1','0.832');
INSERT INTO "trial_system_attributes" VALUES(19,7,'completed_rung_0','0.452');
INSERT INTO "trial_system_attributes" VALUES(20,7,'completed_rung_1','0.84');
INSERT INTO "trial_system_attributes" VALUES(21,8,'completed_rung_0','0.44');
CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_user_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_user_attributes" VALUES(1,1,'reference','"dnn"');
INSERT INTO "trial_user_attributes" VALUES(2,2,'reference','"dnn-dropout"');
INSERT INTO "trial_user_attributes" VALUES(3,3,'reference','"mlp-relu-2"');
INSERT INTO "trial_user_attributes" VALUES(4,4,'reference','"mlp-drop-3"');
INSERT INTO "trial_user_attributes" VALUES(5,5,'reference','"mlp-784"');
INSERT INTO "trial_user_attributes" VALUES(6,6,'reference','"mlp-batch-2"');
INSERT INTO "trial_user_attributes" VALUES(7,7,'reference','"mlp-drop-2"');
INSERT INTO "trial_user_attributes" VALUES(8,8,'reference','"mlp-relu-3"');
INSERT INTO "trial_user_attributes" VALUES(9,1,'started','1795845432.5246215');
INSERT INTO "trial_user_attributes" VALUES(10,1,'run','{"config": {"model": {"kind": "network", "layers": [{"kind": "flatten"}, {"kind": "dense", "units": 128, "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "dense", "units": 64, "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "dense", "units": 32, "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}], "output_initializer": {"name": "glorot-uniform", "stddev": null}}, "training": {"optimizer": {"name": "adam", "learning_rate": 0.001}, "batch_size": 32, "epochs": 8, "schedule": "constant", "augmentation": null, "train_images": null, "schedule_epochs": null}, "protocol": "held-out", "raw_test_pixels": false}, "seed": 634973365}');
INSERT INTO "trial_user_attributes" VALUES(11,1,'network','"Flatten D128 D64 D32 | adam 0.001 | b32"');
INSERT INTO "trial_user_attributes" VALUES(12,2,'started','1795845432.5415137');
INSERT INTO "trial_user_attributes" VALUES(13,2,'run','{"config": {"model": {"kind": "network", "layers": [{"kind": "flatten"}, {"kind": "dense", "units": 128, "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "dropout", "rate": 0.2}, {"kind": "dense", "units": 64, "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "dropout", "rate": 0.2}, {"kind": "dense", "units": 32, "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "dropout", "rate": 0.2}], "output_initializer": {"name": "glorot-uniform", "stddev": null}}, "training": {"optimizer": {"name": "adam", "learning_rate": 0.001}, "batch_size": 32, "epochs": 8, "schedule": "constant", "augmentation": null, "train_images": null, "schedule_epochs": null}, "protocol": "held-out", "raw_test_pixels": false}, "seed": 10233176}');
INSERT INTO "trial_user_attributes" VALUES(14,2,'network','"Flatten D128 DO.2 D64 DO.2 D32 DO.2 | adam 0.001 | b32"');
INSERT INTO "trial_user_attributes" VALUES(15,1,'fit seconds','0.043921152000000005');
INSERT INTO "trial_user_attributes" VALUES(16,1,'weights','111146');
INSERT INTO "trial_user_attributes" VALUES(17,1,'FLOPs per image','221824');
INSERT INTO "trial_user_attributes" VALUES(18,1,'worker','0');
INSERT INTO "trial_user_attributes" VALUES(19,1,'finished','1795845432.65135');
INSERT INTO "trial_user_attributes" VALUES(20,1,'result','{"schema_version": 1, "status": "complete", "config_id": "296f4642d142f861", "seed": 634973365, "failure": null, "validation": {"correct": 223, "total": 250, "loss": 0.32987167449603827, "clipped_loss": null}, "test": null, "train": null, "collapsed": false, "epochs": [{"epoch": 1, "loss": 0.593013920527959, "accuracy": 0.804, "val_loss": 0.593013920527959, "val_accuracy": 0.804, "seconds": 0.00499104, "validation_seconds": 0.0004991040000000001}, {"epoch": 2, "loss": 0.35967183051754065, "accuracy": 0.884, "val_loss": 0.35967183051754065, "val_accuracy": 0.884, "seconds": 0.00499104, "validation_seconds": 0.0004991040000000001}, {"epoch": 3, "loss": 0.33418521136345847, "accuracy": 0.892, "val_loss": 0.33418521136345847, "val_accuracy": 0.892, "seconds": 0.00499104, "validation_seconds": 0.0004991040000000001}, {"epoch": 4, "loss": 0.328868511236302, "accuracy": 0.892, "val_loss": 0.328868511236302, "val_accuracy": 0.892, "seconds": 0.00499104, "validation_seconds": 0.0004991040000000001}, {"epoch": 5, "loss": 0.3301097158336028, "accuracy": 0.892, "val_loss": 0.3301097158336028, "val_accuracy": 0.892, "seconds": 0.00499104, "validation_seconds": 0.0004991040000000001}, {"epoch": 6, "loss": 0.32650868242487924, "accuracy": 0.896, "val_loss": 0.32650868242487924, "val_accuracy": 0.896, "seconds": 0.00499104, "validation_seconds": 0.0004991040000000001}, {"epoch": 7, "loss": 0.3286158917262918, "accuracy": 0.892, "val_loss": 0.3286158917262918, "val_accuracy": 0.892, "seconds": 0.00499104, "validation_seconds": 0.0004991040000000001}, {"epoch": 8, "loss": 0.32987167449603827, "accuracy": 0.892, "val_loss": 0.32987167449603827, "val_accuracy": 0.892, "seconds": 0.00499104, "validation_seconds": 0.0004991040000000001}], "reports": [[1, 0.436], [4, 0.804], [8, 0.884], [12, 0.892], [16, 0.892], [20, 0.892], [24, 0.896], [28, 0.892], [32, 0.892]], "parameters": 111146, "trainable_parameters": 111146, "flops": 221824, "predictions": null, "weights_sha256": null, "duplicate_of": null, "initial_epoch": 0, "restarted": null, "checkpoint_sha256": null, "timings": {"import_seconds": null, "data_seconds": null, "build_seconds": 0.1, "first_step_seconds": 1.0, "step_seconds": [0.0001085008695652174, 0.0001085008695652174, 0.0001085008695652174, 0.0001085008695652174, 0.0001085008695652174], "fit_seconds": 0.043921152000000005, "inference_us_batch_1": 1000.0, "inference_us_batch_256": 1.10912, "peak_memory_bytes": null}, "precision": "float32", "threads": 1, "contended": false, "environment": {"system": "Linux-6.18.44-fc-v857-x86_64-with-glibc2.36", "python": "3.11.7", "processor": "surrogate", "cores": 2, "memory_bytes": 25276059648, "features": ["avx2", "avx512f", "avx512_bf16"], "packages": {"mnist-search": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1", "optuna": "5.0.0", "keras-tuner": "1.4.8", "scikit-learn": "1.9.1", "numpy": "2.4.6"}}}');
INSERT INTO "trial_user_attributes" VALUES(21,2,'fit seconds','0.043921152000000005');
INSERT INTO "trial_user_attributes" VALUES(22,2,'weights','111146');
INSERT INTO "trial_user_attributes" VALUES(23,2,'FLOPs per image','221824');
INSERT INTO "trial_user_attributes" VALUES(24,2,'worker','1');
INSERT INTO "trial_user_attributes" VALUES(25,2,'finished','1795845432.682637');
INSERT INTO "trial_user_attributes" VALUES(26,2,'result','{"schema_version": 1, "status": "complete", "config_id": "d19bc7ef63916e9b", "seed": 10233176, "failure": null, "validation": {"correct": 229, "total": 250, "loss": 0.2678524285762784, "clipped_loss": null}, "test": null, "train": null, "collapsed": false, "epochs": [{"epoch": 1, "loss": 0.5379916548669124, "accuracy": 0.824, "val_loss": 0.5379916548669124, "val_accuracy": 0.824, "seconds": 0.00499104, "validation_seconds": 0.0004991040000000001}, {"epoch": 2, "loss": 0.2984810474941449, "accuracy": 0.904, "val_loss": 0.2984810474941449, "val_accuracy": 0.904, "seconds": 0.00499104, "validation_seconds": 0.0004991040000000001}, {"epoch": 3, "loss": 0.2701177589631035, "accuracy": 0.912, "val_loss": 0.2701177589631035, "val_accuracy": 0.912, "seconds": 0.00499104, "validation_seconds": 0.0004991040000000001}, {"epoch": 4, "loss": 0.26881282221571856, "accuracy": 0.912, "val_loss": 0.26881282221571856, "val_accuracy": 0.912, "seconds": 0.00499104, "validation_seconds": 0.0004991040000000001}, {"epoch": 5, "loss": 0.2691602336212079, "accuracy": 0.912, "val_loss": 0.2691602336212079, "val_accuracy": 0.912, "seconds": 0.00499104, "validation_seconds": 0.0004991040000000001}, {"epoch": 6, "loss": 0.2688111691913894, "accuracy": 0.912, "val_loss": 0.2688111691913894, "val_accuracy": 0.912, "seconds": 0.00499104, "validation_seconds": 0.0004991040000000001}, {"epoch": 7, "loss": 0.2686146144694626, "accuracy": 0.912, "val_loss": 0.2686146144694626, "val_accuracy": 0.912, "seconds": 0.00499104, "validation_seconds": 0.0004991040000000001}, {"epoch": 8, "loss": 0.2678524285762784, "accuracy": 0.916, "val_loss": 0.2678524285762784, "val_accuracy": 0.916, "seconds": 0.00499104, "validation_seconds": 0.0004991040000000001}], "reports": [[1, 0.444], [4, 0.824], [8, 0.904], [12, 0.912], [16, 0.912], [20, 0.912], [24, 0.912], [28, 0.912], [32, 0.916]], "parameters": 111146, "trainable_parameters": 111146, "flops": 221824, "predictions": null, "weights_sha256": null, "duplicate_of": null, "initial_epoch": 0, "restarted": null, "checkpoint_sha256": null, "timings": {"import_seconds": null, "data_seconds": null, "build_seconds": 0.1, "first_step_seconds": 1.0, "step_seconds": [0.0001085008695652174, 0.0001085008695652174, 0.0001085008695652174, 0.0001085008695652174, 0.0001085008695652174], "fit_seconds": 0.043921152000000005, "inference_us_batch_1": 1000.0, "inference_us_batch_256": 1.10912, "peak_memory_bytes": null}, "precision": "float32", "threads": 1, "contended": false, "environment": {"system": "Linux-6.18.44-fc-v857-x86_64-with-glibc2.36", "python": "3.11.7", "processor": "surrogate", "cores": 2, "memory_bytes": 25276059648, "features": ["avx2", "avx512f", "avx512_bf16"], "packages": {"mnist-search": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1", "optuna": "5.0.0", "keras-tuner": "1.4.8", "scikit-learn": "1.9.1", "numpy": "2.4.6"}}}');
INSERT INTO "trial_user_attributes" VALUES(27,3,'started','1795845432.7475226');
INSERT INTO "trial_user_attributes" VALUES(28,3,'run','{"config": {"model": {"kind": "network", "layers": [{"kind": "flatten"}, {"kind": "dense", "units": 364, "activation": "relu", "bias": true, "initializer": {"name": "random-normal", "stddev": 0.074}}, {"kind": "dense", "units": 212, "activation": "relu", "bias": true, "initializer": {"name": "random-normal", "stddev": 0.097}}], "output_initializer": {"name": "glorot-uniform", "stddev": null}}, "training": {"optimizer": {"name": "adam", "learning_rate": 0.001}, "batch_size": 128, "epochs": 8, "schedule": "constant", "augmentation": null, "train_images": null, "schedule_epochs": null}, "protocol": "held-out", "raw_test_pixels": false}, "seed": 4274221289}');
INSERT INTO "trial_user_attributes" VALUES(29,3,'network','"Flatten D364 D212 | adam 0.001 | b128"');
INSERT INTO "trial_user_attributes" VALUES(30,4,'started','1795845432.7805192');
INSERT INTO "trial_user_attributes" VALUES(31,4,'run','{"config": {"model": {"kind": "network", "layers": [{"kind": "flatten"}, {"kind": "dense", "units": 401, "activation": "relu", "bias": true, "initializer": {"name": "random-normal", "stddev": 0.07}}, {"kind": "batch-norm"}, {"kind": "dropout", "rate": 0.5}, {"kind": "dense", "units": 219, "activation": "relu", "bias": true, "initializer": {"name": "random-normal", "stddev": 0.095}}, {"kind": "batch-norm"}, {"kind": "dropout", "rate": 0.5}, {"kind": "dense", "units": 121, "activation": "relu", "bias": true, "initializer": {"name": "random-normal", "stddev": 0.128}}, {"kind": "batch-norm"}, {"kind": "dropout", "rate": 0.5}], "output_initializer": {"name": "glorot-uniform", "stddev": null}}, "training": {"optimizer": {"name": "adam", "learning_rate": 0.001}, "batch_size": 128, "epochs": 8, "schedule": "constant", "augmentation": null, "train_images": null, "schedule_epochs": null}, "protocol": "held-out", "raw_test_pixels": false}, "seed": 881321585}');
INSERT INTO "trial_user_attributes" VALUES(32,4,'network','"Flatten D401 BN DO.5 D219 BN DO.5 D121 BN DO.5 | adam 0.001 | b128"');
INSERT INTO "trial_user_attributes" VALUES(33,3,'fit seconds','0.004512717000000001');
INSERT INTO "trial_user_attributes" VALUES(34,3,'weights','365250');
INSERT INTO "trial_user_attributes" VALUES(35,3,'FLOPs per image','729328');
INSERT INTO "trial_user_attributes" VALUES(36,3,'worker','0');
INSERT INTO "trial_user_attributes" VALUES(37,3,'finished','1795845432.8157434');
INSERT INTO "trial_user_attributes" VALUES(38,3,'result','{"schema_version": 1, "status": "pruned", "config_id": "5d7494ec2aaae4e2", "seed": 4274221289, "failure": null, "validation": {"correct": 110, "total": 250, "loss": 1.6908682826572952, "clipped_loss": null}, "test": null, "train": null, "collapsed": false, "epochs": [], "reports": [[1, 0.44]], "parameters": 365250, "trainable_parameters": 365250, "flops": 729328, "predictions": null, "weights_sha256": null, "duplicate_of": null, "initial_epoch": 0, "restarted": null, "checkpoint_sha256": null, "timings": {"import_seconds": null, "data_seconds": null, "build_seconds": 0.1, "first_step_seconds": 1.0, "step_seconds": [0.0014918072727272728, 0.0014918072727272728, 0.0014918072727272728, 0.0014918072727272728, 0.0014918072727272728], "fit_seconds": 0.004512717000000001, "inference_us_batch_1": 1000.0, "inference_us_batch_256": 3.64664, "peak_memory_bytes": null}, "precision": "float32", "threads": 1, "contended": false, "environment": {"system": "Linux-6.18.44-fc-v857-x86_64-with-glibc2.36", "python": "3.11.7", "processor": "surrogate", "cores": 2, "memory_bytes": 25276059648, "features": ["avx2", "avx512f", "avx512_bf16"], "packages": {"mnist-search": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1", "optuna": "5.0.0", "keras-tuner": "1.4.8", "scikit-learn": "1.9.1", "numpy": "2.4.6"}}}');
INSERT INTO "trial_user_attributes" VALUES(39,5,'started','1795845432.87646');
INSERT INTO "trial_user_attributes" VALUES(40,5,'run','{"config": {"model": {"kind": "network", "layers": [{"kind": "flatten"}, {"kind": "dense", "units": 784, "activation": "relu", "bias": true, "initializer": {"name": "random-normal", "stddev": 0.05}}], "output_initializer": {"name": "random-normal", "stddev": 0.05}}, "training": {"optimizer": {"name": "adam", "learning_rate": 0.001}, "batch_size": 200, "epochs": 8, "schedule": "constant", "augmentation": null, "train_images": null, "schedule_epochs": null}, "protocol": "held-out", "raw_test_pixels": false}, "seed": 4100011299}');
INSERT INTO "trial_user_attributes" VALUES(41,5,'network','"Flatten D784 | adam 0.001 | b200"');
INSERT INTO "trial_user_attributes" VALUES(42,5,'fit seconds','0.007703388000000001');
INSERT INTO "trial_user_attributes" VALUES(43,5,'weights','623290');
INSERT INTO "trial_user_attributes" VALUES(44,5,'FLOPs per image','1244992');
INSERT INTO "trial_user_attributes" VALUES(45,5,'worker','0');
INSERT INTO "trial_user_attributes" VALUES(46,5,'finished','1795845432.8939333');
INSERT INTO "trial_user_attributes" VALUES(47,5,'result','{"schema_version": 1, "status": "pruned", "config_id": "00b52b9f057b7b45", "seed": 4100011299, "failure": null, "validation": {"correct": 110, "total": 250, "loss": 1.6889042369836098, "clipped_loss": null}, "test": null, "train": null, "collapsed": false, "epochs": [], "reports": [[1, 0.44]], "parameters": 623290, "trainable_parameters": 623290, "flops": 1244992, "predictions": null, "weights_sha256": null, "duplicate_of": null, "initial_epoch": 0, "restarted": null, "checkpoint_sha256": null, "timings": {"import_seconds": null, "data_seconds": null, "build_seconds": 0.1, "first_step_seconds": 1.0, "step_seconds": [0.00400176, 0.00400176, 0.00400176, 0.00400176, 0.00400176], "fit_seconds": 0.007703388000000001, "inference_us_batch_1": 1000.0, "inference_us_batch_256": 6.22496, "peak_memory_bytes": null}, "precision": "float32", "threads": 1, "contended": false, "environment": {"system": "Linux-6.18.44-fc-v857-x86_64-with-glibc2.36", "python": "3.11.7", "processor": "surrogate", "cores": 2, "memory_bytes": 25276059648, "features": ["avx2", "avx512f", "avx512_bf16"], "packages": {"mnist-search": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1", "optuna": "5.0.0", "keras-tuner": "1.4.8", "scikit-learn": "1.9.1", "numpy": "2.4.6"}}}');
INSERT INTO "trial_user_attributes" VALUES(48,6,'started','1795845432.915882');
INSERT INTO "trial_user_attributes" VALUES(49,6,'run','{"config": {"model": {"kind": "network", "layers": [{"kind": "flatten"}, {"kind": "dense", "units": 532, "activation": "relu", "bias": true, "initializer": {"name": "random-normal", "stddev": 0.061}}, {"kind": "batch-norm"}, {"kind": "dense", "units": 384, "activation": "relu", "bias": true, "initializer": {"name": "random-normal", "stddev": 0.072}}, {"kind": "batch-norm"}], "output_initializer": {"name": "glorot-uniform", "stddev": null}}, "training": {"optimizer": {"name": "adam", "learning_rate": 0.001}, "batch_size": 128, "epochs": 8, "schedule": "constant", "augmentation": null, "train_images": null, "schedule_epochs": null}, "protocol": "held-out", "raw_test_pixels": false}, "seed": 2240447467}');
INSERT INTO "trial_user_attributes" VALUES(50,6,'network','"Flatten D532 BN D384 BN | adam 0.001 | b128"');
INSERT INTO "trial_user_attributes" VALUES(51,6,'fit seconds','0.030948192');
INSERT INTO "trial_user_attributes" VALUES(52,6,'weights','629806');
INSERT INTO "trial_user_attributes" VALUES(53,6,'FLOPs per image','1250432');
INSERT INTO "trial_user_attributes" VALUES(54,6,'worker','0');
INSERT INTO "trial_user_attributes" VALUES(55,6,'finished','1795845432.9551523');
INSERT INTO "trial_user_attributes" VALUES(56,6,'result','{"schema_version": 1, "status": "pruned", "config_id": "5e9b7cdc4f9c251d", "seed": 2240447467, "failure": null, "validation": {"correct": 208, "total": 250, "loss": 0.5101466343578908, "clipped_loss": null}, "test": null, "train": null, "collapsed": false, "epochs": [{"epoch": 1, "loss": 0.5101466343578908, "accuracy": 0.832, "val_loss": 0.5101466343578908, "val_accuracy": 0.832, "seconds": 0.02813472, "validation_seconds": 0.002813472}], "reports": [[1, 0.448], [4, 0.832]], "parameters": 629806, "trainable_parameters": 627974, "flops": 1250432, "predictions": null, "weights_sha256": null, "duplicate_of": null, "initial_epoch": 0, "restarted": null, "checkpoint_sha256": null, "timings": {"import_seconds": null, "data_seconds": null, "build_seconds": 0.1, "first_step_seconds": 1.0, "step_seconds": [0.002557701818181818, 0.002557701818181818, 0.002557701818181818, 0.002557701818181818, 0.002557701818181818], "fit_seconds": 0.030948192, "inference_us_batch_1": 1000.0, "inference_us_batch_256": 6.25216, "peak_memory_bytes": null}, "precision": "float32", "threads": 1, "contended": false, "environment": {"system": "Linux-6.18.44-fc-v857-x86_64-with-glibc2.36", "python": "3.11.7", "processor": "surrogate", "cores": 2, "memory_bytes": 25276059648, "features": ["avx2", "avx512f", "avx512_bf16"], "packages": {"mnist-search": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1", "optuna": "5.0.0", "keras-tuner": "1.4.8", "scikit-learn": "1.9.1", "numpy": "2.4.6"}}}');
INSERT INTO "trial_user_attributes" VALUES(57,7,'started','1795845432.9830756');
INSERT INTO "trial_user_attributes" VALUES(58,7,'run','{"config": {"model": {"kind": "network", "layers": [{"kind": "flatten"}, {"kind": "dense", "units": 532, "activation": "relu", "bias": true, "initializer": {"name": "random-normal", "stddev": 0.061}}, {"kind": "batch-norm"}, {"kind": "dropout", "rate": 0.5}, {"kind": "dense", "units": 384, "activation": "relu", "bias": true, "initializer": {"name": "random-normal", "stddev": 0.072}}, {"kind": "batch-norm"}, {"kind": "dropout", "rate": 0.5}], "output_initializer": {"name": "glorot-uniform", "stddev": null}}, "training": {"optimizer": {"name": "adam", "learning_rate": 0.001}, "batch_size": 128, "epochs": 8, "schedule": "constant", "augmentation": null, "train_images": null, "schedule_epochs": null}, "protocol": "held-out", "raw_test_pixels": false}, "seed": 3257852427}');
INSERT INTO "trial_user_attributes" VALUES(59,7,'network','"Flatten D532 BN DO.5 D384 BN DO.5 | adam 0.001 | b128"');
INSERT INTO "trial_user_attributes" VALUES(60,4,'fit seconds','0.170245152');
INSERT INTO "trial_user_attributes" VALUES(61,4,'weights','433627');
INSERT INTO "trial_user_attributes" VALUES(62,4,'FLOPs per image','859824');
INSERT INTO "trial_user_attributes" VALUES(63,4,'worker','1');
INSERT INTO "trial_user_attributes" VALUES(64,4,'finished','1795845432.9906733');
INSERT INTO "trial_user_attributes" VALUES(65,4,'result','{"schema_version": 1, "status": "complete", "config_id": "9d2fdeb46aeec0f0", "seed": 881321585, "failure": null, "validation": {"correct": 233, "total": 250, "loss": 0.2152192553411576, "clipped_loss": null}, "test": null, "train": null, "collapsed": false, "epochs": [{"epoch": 1, "loss": 0.4916149141152885, "accuracy": 0.84, "val_loss": 0.4916149141152885, "val_accuracy": 0.84, "seconds": 0.01934604, "validation_seconds": 0.001934604}, {"epoch": 2, "loss": 0.24684893832790222, "accuracy": 0.92, "val_loss": 0.24684893832790222, "val_accuracy": 0.92, "seconds": 0.01934604, "validation_seconds": 0.001934604}, {"epoch": 3, "loss": 0.22228107260776647, "accuracy": 0.928, "val_loss": 0.22228107260776647, "val_accuracy": 0.928, "seconds": 0.01934604, "validation_seconds": 0.001934604}, {"epoch": 4, "loss": 0.21580816153608717, "accuracy": 0.932, "val_loss": 0.21580816153608717, "val_accuracy": 0.932, "seconds": 0.01934604, "validation_seconds": 0.001934604}, {"epoch": 5, "loss": 0.21731260844827877, "accuracy": 0.932, "val_loss": 0.21731260844827877, "val_accuracy": 0.932, "seconds": 0.01934604, "validation_seconds": 0.001934604}, {"epoch": 6, "loss": 0.21517022520411816, "accuracy": 0.932, "val_loss": 0.21517022520411816, "val_accuracy": 0.932, "seconds": 0.01934604, "validation_seconds": 0.001934604}, {"epoch": 7, "loss": 0.21891024594451092, "accuracy": 0.932, "val_loss": 0.21891024594451092, "val_accuracy": 0.932, "seconds": 0.01934604, "validation_seconds": 0.001934604}, {"epoch": 8, "loss": 0.2152192553411576, "accuracy": 0.932, "val_loss": 0.2152192553411576, "val_accuracy": 0.932, "seconds": 0.01934604, "validation_seconds": 0.001934604}], "reports": [[1, 0.452], [4, 0.84], [8, 0.92], [12, 0.928], [16, 0.932], [20, 0.932], [24, 0.932], [28, 0.932], [32, 0.932]], "parameters": 433627, "trainable_parameters": 432145, "flops": 859824, "predictions": null, "weights_sha256": null, "duplicate_of": null, "initial_epoch": 0, "restarted": null, "checkpoint_sha256": null, "timings": {"import_seconds": null, "data_seconds": null, "build_seconds": 0.1, "first_step_seconds": 1.0, "step_seconds": [0.001758730909090909, 0.001758730909090909, 0.001758730909090909, 0.001758730909090909, 0.001758730909090909], "fit_seconds": 0.170245152, "inference_us_batch_1": 1000.0, "inference_us_batch_256": 4.29912, "peak_memory_bytes": null}, "precision": "float32", "threads": 1, "contended": false, "environment": {"system": "Linux-6.18.44-fc-v857-x86_64-with-glibc2.36", "python": "3.11.7", "processor": "surrogate", "cores": 2, "memory_bytes": 25276059648, "features": ["avx2", "avx512f", "avx512_bf16"], "packages": {"mnist-search": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1", "optuna": "5.0.0", "keras-tuner": "1.4.8", "scikit-learn": "1.9.1", "numpy": "2.4.6"}}}');
INSERT INTO "trial_user_attributes" VALUES(66,8,'started','1795845433.0162952');
INSERT INTO "trial_user_attributes" VALUES(67,8,'run','{"config": {"model": {"kind": "network", "layers": [{"kind": "flatten"}, {"kind": "dense", "units": 621, "activation": "relu", "bias": true, "initializer": {"name": "random-normal", "stddev": 0.056}}, {"kind": "dense", "units": 333, "activation": "relu", "bias": true, "initializer": {"name": "random-normal", "stddev": 0.077}}, {"kind": "dense", "units": 161, "activation": "relu", "bias": true, "initializer": {"name": "random-normal", "stddev": 0.111}}], "output_initializer": {"name": "glorot-uniform", "stddev": null}}, "training": {"optimizer": {"name": "adam", "learning_rate": 0.001}, "batch_size": 128, "epochs": 8, "schedule": "constant", "augmentation": null, "train_images": null, "schedule_epochs": null}, "protocol": "held-out", "raw_test_pixels": false}, "seed": 4210759214}');
INSERT INTO "trial_user_attributes" VALUES(68,8,'network','"Flatten D621 D333 D161 | adam 0.001 | b128"');
INSERT INTO "trial_user_attributes" VALUES(69,8,'fit seconds','0.009267390000000002');
INSERT INTO "trial_user_attributes" VALUES(70,8,'weights','750005');
INSERT INTO "trial_user_attributes" VALUES(71,8,'FLOPs per image','1497760');
INSERT INTO "trial_user_attributes" VALUES(72,8,'worker','1');
INSERT INTO "trial_user_attributes" VALUES(73,8,'finished','1795845433.082363');
INSERT INTO "trial_user_attributes" VALUES(74,8,'result','{"schema_version": 1, "status": "pruned", "config_id": "c59751394bc35fe3", "seed": 4210759214, "failure": null, "validation": {"correct": 110, "total": 250, "loss": 1.6853271387018138, "clipped_loss": null}, "test": null, "train": null, "collapsed": false, "epochs": [], "reports": [[1, 0.44]], "parameters": 750005, "trainable_parameters": 750005, "flops": 1497760, "predictions": null, "weights_sha256": null, "duplicate_of": null, "initial_epoch": 0, "restarted": null, "checkpoint_sha256": null, "timings": {"import_seconds": null, "data_seconds": null, "build_seconds": 0.1, "first_step_seconds": 1.0, "step_seconds": [0.0030636, 0.0030636, 0.0030636, 0.0030636, 0.0030636], "fit_seconds": 0.009267390000000002, "inference_us_batch_1": 1000.0, "inference_us_batch_256": 7.4888, "peak_memory_bytes": null}, "precision": "float32", "threads": 1, "contended": false, "environment": {"system": "Linux-6.18.44-fc-v857-x86_64-with-glibc2.36", "python": "3.11.7", "processor": "surrogate", "cores": 2, "memory_bytes": 25276059648, "features": ["avx2", "avx512f", "avx512_bf16"], "packages": {"mnist-search": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1", "optuna": "5.0.0", "keras-tuner": "1.4.8", "scikit-learn": "1.9.1", "numpy": "2.4.6"}}}');
INSERT INTO "trial_user_attributes" VALUES(75,7,'fit seconds','0.247585536');
INSERT INTO "trial_user_attributes" VALUES(76,7,'weights','629806');
INSERT INTO "trial_user_attributes" VALUES(77,7,'FLOPs per image','1250432');
INSERT INTO "trial_user_attributes" VALUES(78,7,'worker','0');
INSERT INTO "trial_user_attributes" VALUES(79,7,'finished','1795845433.1268668');
INSERT INTO "trial_user_attributes" VALUES(80,7,'result','{"schema_version": 1, "status": "complete", "config_id": "688ce4a5830a90ad", "seed": 3257852427, "failure": null, "validation": {"correct": 233, "total": 250, "loss": 0.21414314911787796, "clipped_loss": null}, "test": null, "train": null, "collapsed": false, "epochs": [{"epoch": 1, "loss": 0.4912135312558067, "accuracy": 0.84, "val_loss": 0.4912135312558067, "val_accuracy": 0.84, "seconds": 0.02813472, "validation_seconds": 0.002813472}, {"epoch": 2, "loss": 0.24597197316564776, "accuracy": 0.92, "val_loss": 0.24597197316564776, "val_accuracy": 0.92, "seconds": 0.02813472, "validation_seconds": 0.002813472}, {"epoch": 3, "loss": 0.2190597082768146, "accuracy": 0.932, "val_loss": 0.2190597082768146, "val_accuracy": 0.932, "seconds": 0.02813472, "validation_seconds": 0.002813472}, {"epoch": 4, "loss": 0.21262484022009853, "accuracy": 0.932, "val_loss": 0.21262484022009853, "val_accuracy": 0.932, "seconds": 0.02813472, "validation_seconds": 0.002813472}, {"epoch": 5, "loss": 0.21344038502787055, "accuracy": 0.932, "val_loss": 0.21344038502787055, "val_accuracy": 0.932, "seconds": 0.02813472, "validation_seconds": 0.002813472}, {"epoch": 6, "loss": 0.214007013358148, "accuracy": 0.932, "val_loss": 0.214007013358148, "val_accuracy": 0.932, "seconds": 0.02813472, "validation_seconds": 0.002813472}, {"epoch": 7, "loss": 0.2150271442839011, "accuracy": 0.932, "val_loss": 0.2150271442839011, "val_accuracy": 0.932, "seconds": 0.02813472, "validation_seconds": 0.002813472}, {"epoch": 8, "loss": 0.21414314911787796, "accuracy": 0.932, "val_loss": 0.21414314911787796, "val_accuracy": 0.932, "seconds": 0.02813472, "validation_seconds": 0.002813472}], "reports": [[1, 0.452], [4, 0.84], [8, 0.92], [12, 0.932], [16, 0.932], [20, 0.932], [24, 0.932], [28, 0.932], [32, 0.932]], "parameters": 629806, "trainable_parameters": 627974, "flops": 1250432, "predictions": null, "weights_sha256": null, "duplicate_of": null, "initial_epoch": 0, "restarted": null, "checkpoint_sha256": null, "timings": {"import_seconds": null, "data_seconds": null, "build_seconds": 0.1, "first_step_seconds": 1.0, "step_seconds": [0.002557701818181818, 0.002557701818181818, 0.002557701818181818, 0.002557701818181818, 0.002557701818181818], "fit_seconds": 0.247585536, "inference_us_batch_1": 1000.0, "inference_us_batch_256": 6.25216, "peak_memory_bytes": null}, "precision": "float32", "threads": 1, "contended": false, "environment": {"system": "Linux-6.18.44-fc-v857-x86_64-with-glibc2.36", "python": "3.11.7", "processor": "surrogate", "cores": 2, "memory_bytes": 25276059648, "features": ["avx2", "avx512f", "avx512_bf16"], "packages": {"mnist-search": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1", "optuna": "5.0.0", "keras-tuner": "1.4.8", "scikit-learn": "1.9.1", "numpy": "2.4.6"}}}');
CREATE TABLE trial_values (
	trial_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	value FLOAT, 
	value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_value_id), 
	UNIQUE (trial_id, objective), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_values" VALUES(1,1,0,0.892,'FINITE');
INSERT INTO "trial_values" VALUES(2,2,0,0.916,'FINITE');
INSERT INTO "trial_values" VALUES(3,3,0,0.44,'FINITE');
INSERT INTO "trial_values" VALUES(4,5,0,0.44,'FINITE');
INSERT INTO "trial_values" VALUES(5,6,0,0.832,'FINITE');
INSERT INTO "trial_values" VALUES(6,4,0,0.932,'FINITE');
INSERT INTO "trial_values" VALUES(7,8,0,0.44,'FINITE');
INSERT INTO "trial_values" VALUES(8,7,0,0.932,'FINITE');
CREATE TABLE trials (
	trial_id INTEGER NOT NULL, 
	number INTEGER, 
	study_id INTEGER, 
	state VARCHAR(8) NOT NULL, 
	datetime_start DATETIME, 
	datetime_complete DATETIME, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "trials" VALUES(1,0,1,'COMPLETE','2026-11-28 05:57:12.517482','2026-11-28 05:57:12.653340');
INSERT INTO "trials" VALUES(2,1,1,'COMPLETE','2026-11-28 05:57:12.534199','2026-11-28 05:57:12.703546');
INSERT INTO "trials" VALUES(3,2,1,'PRUNED','2026-11-28 05:57:12.734705','2026-11-28 05:57:12.831611');
INSERT INTO "trials" VALUES(4,3,1,'COMPLETE','2026-11-28 05:57:12.765415','2026-11-28 05:57:12.994276');
INSERT INTO "trials" VALUES(5,4,1,'PRUNED','2026-11-28 05:57:12.853491','2026-11-28 05:57:12.895114');
INSERT INTO "trials" VALUES(6,5,1,'PRUNED','2026-11-28 05:57:12.912301','2026-11-28 05:57:12.956771');
INSERT INTO "trials" VALUES(7,6,1,'COMPLETE','2026-11-28 05:57:12.969056','2026-11-28 05:57:13.130247');
INSERT INTO "trials" VALUES(8,7,1,'PRUNED','2026-11-28 05:57:13.004560','2026-11-28 05:57:13.086310');
CREATE TABLE version_info (
	version_info_id INTEGER NOT NULL, 
	schema_version INTEGER, 
	library_version VARCHAR(256), 
	PRIMARY KEY (version_info_id), 
	CHECK (version_info_id=1)
);
INSERT INTO "version_info" VALUES(1,12,'5.0.0');
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE INDEX ix_trials_study_id ON trials (study_id);
COMMIT;
