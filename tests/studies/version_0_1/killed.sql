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
INSERT INTO "studies" VALUES(1,'killed');
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
INSERT INTO "study_user_attributes" VALUES(1,1,'spec','{"schema_version": 1, "name": "killed", "dataset": {"name": "digits", "path": null, "digest": "b3022bde089df506ddfe1dbdc6d52bab-961abdce2667cf115965e9ec35c50bd7", "train_images": 1500, "test_images": 297, "fallback": false}, "precision": "float32", "search": {"space": {"name": "cnn", "family": "cnn", "description": "Small convolutional networks: depth, width, norm, dropout and optimizer", "source": "/work/wt/base/search_spaces/cnn.toml", "parameters": [{"name": "blocks", "per": null, "type": "int", "low": 1, "high": 3, "log": false, "step": 1, "conditions": []}, {"name": "convs", "per": null, "type": "int", "low": 1, "high": 2, "log": false, "step": 1, "conditions": []}, {"name": "filters_1", "per": null, "type": "choice", "choices": [8, 16, 32], "conditions": []}, {"name": "filters_2", "per": null, "type": "choice", "choices": [8, 16, 32, 64], "conditions": [{"parameter": "blocks", "at_least": 2}]}, {"name": "filters_3", "per": null, "type": "choice", "choices": [16, 32, 64], "conditions": [{"parameter": "blocks", "at_least": 3}]}, {"name": "kernel_1", "per": "block", "type": "choice", "choices": [3, 5], "conditions": [{"parameter": "convs", "choices": [1]}]}, {"name": "kernel_2", "per": "block", "type": "choice", "choices": [3, 5], "conditions": [{"parameter": "blocks", "at_least": 2}, {"parameter": "convs", "choices": [1]}]}, {"name": "kernel_3", "per": "block", "type": "choice", "choices": [3, 5], "conditions": [{"parameter": "blocks", "at_least": 3}, {"parameter": "convs", "choices": [1]}]}, {"name": "padding", "per": null, "type": "choice", "choices": ["same", "valid"], "conditions": [{"parameter": "blocks", "choices": [1, 2]}]}, {"name": "pool", "per": null, "type": "choice", "choices": ["max", "average"], "conditions": []}, {"name": "pool_1", "per": null, "type": "choice", "choices": ["max", "average", "none"], "conditions": [{"parameter": "blocks", "choices": [2]}, {"parameter": "convs", "choices": [1]}, {"parameter": "kernel_2", "choices": [3]}]}, {"name": "conv_norm", "per": null, "type": "choice", "choices": ["none", "before-activation", "after-activation", "after-pooling", "before-head"], "conditions": []}, {"name": "conv_dropout_1", "per": "block", "type": "float", "low": 0.0, "high": 0.4, "log": false, "step": 0.05, "conditions": []}, {"name": "conv_dropout_2", "per": "block", "type": "float", "low": 0.0, "high": 0.4, "log": false, "step": 0.05, "conditions": [{"parameter": "blocks", "at_least": 2}]}, {"name": "conv_dropout_3", "per": "block", "type": "float", "low": 0.0, "high": 0.4, "log": false, "step": 0.05, "conditions": [{"parameter": "blocks", "at_least": 3}]}, {"name": "dense_layers", "per": null, "type": "int", "low": 0, "high": 2, "log": false, "step": 1, "conditions": []}, {"name": "units_1", "per": "dense", "type": "int", "low": 32, "high": 256, "log": true, "step": 1, "conditions": [{"parameter": "dense_layers", "at_least": 1}]}, {"name": "units_2", "per": "dense", "type": "int", "low": 32, "high": 256, "log": true, "step": 1, "conditions": [{"parameter": "dense_layers", "at_least": 2}]}, {"name": "dense_norm", "per": null, "type": "choice", "choices": ["none", "before-activation", "after-activation"], "conditions": [{"parameter": "dense_layers", "at_least": 1}]}, {"name": "dense_dropout", "per": null, "type": "float", "low": 0.0, "high": 0.5, "log": false, "step": 0.05, "conditions": [{"parameter": "dense_layers", "at_least": 1}]}, {"name": "activation", "per": null, "type": "choice", "choices": ["relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu"], "conditions": []}, {"name": "initializer", "per": null, "type": "choice", "choices": ["glorot-uniform", "he-normal"], "conditions": []}, {"name": "optimizer", "per": null, "type": "choice", "choices": ["adam", "adamw", "nadam", "rmsprop", "sgd", "adadelta"], "conditions": []}, {"name": "learning_rate_adadelta", "per": null, "type": "float", "low": 0.2, "high": 2.0, "log": true, "step": null, "conditions": [{"parameter": "optimizer", "choices": ["adadelta"]}]}, {"name": "learning_rate_adam", "per": null, "type": "float", "low": 0.0003, "high": 0.005, "log": true, "step": null, "conditions": [{"parameter": "optimizer", "choices": ["adam"]}]}, {"name": "learning_rate_adamw", "per": null, "type": "float", "low": 0.0003, "high": 0.01, "log": true, "step": null, "conditions": [{"parameter": "optimizer", "choices": ["adamw"]}]}, {"name": "learning_rate_nadam", "per": null, "type": "float", "low": 0.0003, "high": 0.005, "log": true, "step": null, "conditions": [{"parameter": "optimizer", "choices": ["nadam"]}]}, {"name": "learning_rate_rmsprop", "per": null, "type": "float", "low": 0.0001, "high": 0.003, "log": true, "step": null, "conditions": [{"parameter": "optimizer", "choices": ["rmsprop"]}]}, {"name": "learning_rate_sgd", "per": null, "type": "float", "low": 0.01, "high": 0.3, "log": true, "step": null, "conditions": [{"parameter": "optimizer", "choices": ["sgd"]}]}, {"name": "momentum", "per": null, "type": "float", "low": 0.7, "high": 0.98, "log": false, "step": null, "conditions": [{"parameter": "optimizer", "choices": ["sgd"]}]}, {"name": "nesterov", "per": null, "type": "choice", "choices": [true, false], "conditions": [{"parameter": "optimizer", "choices": ["sgd"]}]}, {"name": "weight_decay", "per": null, "type": "float", "low": 0.0001, "high": 0.1, "log": true, "step": null, "conditions": [{"parameter": "optimizer", "choices": ["adamw"]}]}, {"name": "schedule", "per": null, "type": "choice", "choices": ["constant", "cosine", "one-cycle"], "conditions": []}, {"name": "batch_size", "per": null, "type": "int", "low": 32, "high": 512, "log": true, "step": 1, "conditions": []}, {"name": "augmentation", "per": null, "type": "choice", "choices": [true, false], "conditions": []}], "fixed": {"rho": 0.95, "rotation_degrees": 10.0, "zoom": 0.1, "shift": 0.1, "output_initializer": "glorot-uniform", "last_conv_bias": true}}, "engine": "optuna", "sampler": "tpe", "pruner": "none", "epochs": 8, "seed": 0, "max_params": null, "max_flops": null, "objectives": ["val_accuracy"]}}');
INSERT INTO "study_user_attributes" VALUES(2,1,'data set','"digits, 1,500 + 297 images"');
INSERT INTO "study_user_attributes" VALUES(3,1,'purpose','"search of space cnn: optuna tpe, none, up to 8 epochs"');
INSERT INTO "study_user_attributes" VALUES(4,1,'sessions','[{"words": ["run", "--space", "cnn", "-n", "9", "--study", "killed", "--dataset", "digits", "--home", "home", "--workers", "2", "--pruner", "none", "--with-references", "-q", "-f", "json"], "settings": {"MNIST_SEARCH_SURROGATE_SECONDS": "0.25", "MNIST_SEARCH_TRAINER": "mnist_search.execution.surrogate"}, "version": "0.1.0", "machine": "2d810281", "started": 1795845626.2689097, "trials_before": 0, "ended": null, "trials_after": null}]');
INSERT INTO "study_user_attributes" VALUES(5,1,'seconds','5.534701409000036');
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
INSERT INTO "trial_intermediate_values" VALUES(1,1,4,0.864,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(2,2,4,0.88,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(3,1,8,0.952,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(4,2,8,0.968,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(5,1,12,0.96,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(6,2,12,0.976,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(7,1,16,0.96,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(8,2,16,0.976,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(9,1,20,0.96,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(10,2,20,0.976,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(11,1,24,0.96,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(12,2,24,0.976,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(13,1,28,0.96,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(14,2,28,0.976,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(15,1,32,0.96,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(16,2,32,0.976,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(17,3,4,0.88,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(18,4,4,0.872,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(19,3,8,0.968,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(20,4,8,0.956,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(21,3,12,0.976,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(22,4,12,0.968,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(23,3,16,0.976,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(24,4,16,0.968,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(25,3,20,0.98,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(26,4,20,0.968,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(27,3,24,0.976,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(28,4,24,0.968,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(29,3,28,0.98,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(30,4,28,0.968,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(31,3,32,0.98,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(32,4,32,0.968,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(33,5,4,0.884,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(34,6,4,0.868,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(35,5,8,0.972,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(36,6,8,0.956,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(37,5,12,0.98,'FINITE');
INSERT INTO "trial_intermediate_values" VALUES(38,6,12,0.968,'FINITE');
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
INSERT INTO "trial_params" VALUES(1,1,'blocks',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 3}}');
INSERT INTO "trial_params" VALUES(2,1,'convs',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 2}}');
INSERT INTO "trial_params" VALUES(3,1,'filters_1',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [8, 16, 32]}}');
INSERT INTO "trial_params" VALUES(4,1,'kernel_1',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(5,1,'padding',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["same", "valid"]}}');
INSERT INTO "trial_params" VALUES(6,1,'pool',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["max", "average"]}}');
INSERT INTO "trial_params" VALUES(7,1,'conv_norm',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation", "after-pooling", "before-head"]}}');
INSERT INTO "trial_params" VALUES(8,1,'conv_dropout_1',0.2,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.4, "log": false}}');
INSERT INTO "trial_params" VALUES(9,1,'dense_layers',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(10,1,'units_1',128.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 256}}');
INSERT INTO "trial_params" VALUES(11,1,'dense_norm',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation"]}}');
INSERT INTO "trial_params" VALUES(12,1,'dense_dropout',0.0,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.5, "log": false}}');
INSERT INTO "trial_params" VALUES(13,1,'activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu"]}}');
INSERT INTO "trial_params" VALUES(14,1,'initializer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "he-normal"]}}');
INSERT INTO "trial_params" VALUES(15,1,'optimizer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["adam", "adamw", "nadam", "rmsprop", "sgd", "adadelta"]}}');
INSERT INTO "trial_params" VALUES(16,1,'learning_rate_adam',0.001,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0003, "high": 0.005, "log": true}}');
INSERT INTO "trial_params" VALUES(17,1,'schedule',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["constant", "cosine", "one-cycle"]}}');
INSERT INTO "trial_params" VALUES(18,1,'batch_size',200.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 512}}');
INSERT INTO "trial_params" VALUES(19,1,'augmentation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [true, false]}}');
INSERT INTO "trial_params" VALUES(20,2,'blocks',2.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 3}}');
INSERT INTO "trial_params" VALUES(21,2,'convs',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 2}}');
INSERT INTO "trial_params" VALUES(22,2,'filters_1',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [8, 16, 32]}}');
INSERT INTO "trial_params" VALUES(23,2,'filters_2',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [8, 16, 32, 64]}}');
INSERT INTO "trial_params" VALUES(24,2,'kernel_1',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(25,2,'kernel_2',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(26,2,'padding',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["same", "valid"]}}');
INSERT INTO "trial_params" VALUES(27,2,'pool',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["max", "average"]}}');
INSERT INTO "trial_params" VALUES(28,2,'conv_norm',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation", "after-pooling", "before-head"]}}');
INSERT INTO "trial_params" VALUES(29,2,'conv_dropout_1',0.25,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.4, "log": false}}');
INSERT INTO "trial_params" VALUES(30,2,'conv_dropout_2',0.25,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.4, "log": false}}');
INSERT INTO "trial_params" VALUES(31,2,'dense_layers',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(32,2,'units_1',256.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 256}}');
INSERT INTO "trial_params" VALUES(33,2,'dense_norm',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation"]}}');
INSERT INTO "trial_params" VALUES(34,2,'dense_dropout',0.5,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.5, "log": false}}');
INSERT INTO "trial_params" VALUES(35,2,'activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu"]}}');
INSERT INTO "trial_params" VALUES(36,2,'initializer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "he-normal"]}}');
INSERT INTO "trial_params" VALUES(37,2,'optimizer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["adam", "adamw", "nadam", "rmsprop", "sgd", "adadelta"]}}');
INSERT INTO "trial_params" VALUES(38,2,'learning_rate_adam',0.001,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0003, "high": 0.005, "log": true}}');
INSERT INTO "trial_params" VALUES(39,2,'schedule',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["constant", "cosine", "one-cycle"]}}');
INSERT INTO "trial_params" VALUES(40,2,'batch_size',32.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 512}}');
INSERT INTO "trial_params" VALUES(41,2,'augmentation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [true, false]}}');
INSERT INTO "trial_params" VALUES(42,3,'blocks',2.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 3}}');
INSERT INTO "trial_params" VALUES(43,3,'convs',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 2}}');
INSERT INTO "trial_params" VALUES(44,3,'filters_1',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [8, 16, 32]}}');
INSERT INTO "trial_params" VALUES(45,3,'filters_2',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [8, 16, 32, 64]}}');
INSERT INTO "trial_params" VALUES(46,3,'kernel_1',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(47,3,'kernel_2',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(48,3,'padding',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["same", "valid"]}}');
INSERT INTO "trial_params" VALUES(49,3,'pool',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["max", "average"]}}');
INSERT INTO "trial_params" VALUES(50,3,'conv_norm',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation", "after-pooling", "before-head"]}}');
INSERT INTO "trial_params" VALUES(51,3,'conv_dropout_1',0.25,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.4, "log": false}}');
INSERT INTO "trial_params" VALUES(52,3,'conv_dropout_2',0.25,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.4, "log": false}}');
INSERT INTO "trial_params" VALUES(53,3,'dense_layers',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(54,3,'units_1',256.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 256}}');
INSERT INTO "trial_params" VALUES(55,3,'dense_norm',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation"]}}');
INSERT INTO "trial_params" VALUES(56,3,'dense_dropout',0.5,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.5, "log": false}}');
INSERT INTO "trial_params" VALUES(57,3,'activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu"]}}');
INSERT INTO "trial_params" VALUES(58,3,'initializer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "he-normal"]}}');
INSERT INTO "trial_params" VALUES(59,3,'optimizer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["adam", "adamw", "nadam", "rmsprop", "sgd", "adadelta"]}}');
INSERT INTO "trial_params" VALUES(60,3,'learning_rate_adam',0.001,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0003, "high": 0.005, "log": true}}');
INSERT INTO "trial_params" VALUES(61,3,'schedule',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["constant", "cosine", "one-cycle"]}}');
INSERT INTO "trial_params" VALUES(62,3,'batch_size',32.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 512}}');
INSERT INTO "trial_params" VALUES(63,3,'augmentation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [true, false]}}');
INSERT INTO "trial_params" VALUES(64,4,'blocks',2.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 3}}');
INSERT INTO "trial_params" VALUES(65,4,'convs',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 2}}');
INSERT INTO "trial_params" VALUES(66,4,'filters_1',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [8, 16, 32]}}');
INSERT INTO "trial_params" VALUES(67,4,'filters_2',3.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [8, 16, 32, 64]}}');
INSERT INTO "trial_params" VALUES(68,4,'kernel_1',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(69,4,'kernel_2',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(70,4,'padding',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["same", "valid"]}}');
INSERT INTO "trial_params" VALUES(71,4,'pool',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["max", "average"]}}');
INSERT INTO "trial_params" VALUES(72,4,'pool_1',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["max", "average", "none"]}}');
INSERT INTO "trial_params" VALUES(73,4,'conv_norm',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation", "after-pooling", "before-head"]}}');
INSERT INTO "trial_params" VALUES(74,4,'conv_dropout_1',0.0,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.4, "log": false}}');
INSERT INTO "trial_params" VALUES(75,4,'conv_dropout_2',0.0,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.4, "log": false}}');
INSERT INTO "trial_params" VALUES(76,4,'dense_layers',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(77,4,'units_1',128.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 256}}');
INSERT INTO "trial_params" VALUES(78,4,'dense_norm',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation"]}}');
INSERT INTO "trial_params" VALUES(79,4,'dense_dropout',0.0,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.5, "log": false}}');
INSERT INTO "trial_params" VALUES(80,4,'activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu"]}}');
INSERT INTO "trial_params" VALUES(81,4,'initializer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "he-normal"]}}');
INSERT INTO "trial_params" VALUES(82,4,'optimizer',5.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["adam", "adamw", "nadam", "rmsprop", "sgd", "adadelta"]}}');
INSERT INTO "trial_params" VALUES(83,4,'learning_rate_adadelta',1.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.2, "high": 2.0, "log": true}}');
INSERT INTO "trial_params" VALUES(84,4,'schedule',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["constant", "cosine", "one-cycle"]}}');
INSERT INTO "trial_params" VALUES(85,4,'batch_size',100.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 512}}');
INSERT INTO "trial_params" VALUES(86,4,'augmentation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [true, false]}}');
INSERT INTO "trial_params" VALUES(87,5,'blocks',2.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 3}}');
INSERT INTO "trial_params" VALUES(88,5,'convs',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 2}}');
INSERT INTO "trial_params" VALUES(89,5,'filters_1',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [8, 16, 32]}}');
INSERT INTO "trial_params" VALUES(90,5,'filters_2',3.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [8, 16, 32, 64]}}');
INSERT INTO "trial_params" VALUES(91,5,'kernel_1',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(92,5,'kernel_2',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(93,5,'padding',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["same", "valid"]}}');
INSERT INTO "trial_params" VALUES(94,5,'pool',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["max", "average"]}}');
INSERT INTO "trial_params" VALUES(95,5,'pool_1',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["max", "average", "none"]}}');
INSERT INTO "trial_params" VALUES(96,5,'conv_norm',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation", "after-pooling", "before-head"]}}');
INSERT INTO "trial_params" VALUES(97,5,'conv_dropout_1',0.25,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.4, "log": false}}');
INSERT INTO "trial_params" VALUES(98,5,'conv_dropout_2',0.25,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.4, "log": false}}');
INSERT INTO "trial_params" VALUES(99,5,'dense_layers',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(100,5,'units_1',128.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 256}}');
INSERT INTO "trial_params" VALUES(101,5,'dense_norm',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation"]}}');
INSERT INTO "trial_params" VALUES(102,5,'dense_dropout',0.25,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.5, "log": false}}');
INSERT INTO "trial_params" VALUES(103,5,'activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu"]}}');
INSERT INTO "trial_params" VALUES(104,5,'initializer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "he-normal"]}}');
INSERT INTO "trial_params" VALUES(105,5,'optimizer',5.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["adam", "adamw", "nadam", "rmsprop", "sgd", "adadelta"]}}');
INSERT INTO "trial_params" VALUES(106,5,'learning_rate_adadelta',1.0,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.2, "high": 2.0, "log": true}}');
INSERT INTO "trial_params" VALUES(107,5,'schedule',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["constant", "cosine", "one-cycle"]}}');
INSERT INTO "trial_params" VALUES(108,5,'batch_size',100.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 512}}');
INSERT INTO "trial_params" VALUES(109,5,'augmentation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [true, false]}}');
INSERT INTO "trial_params" VALUES(110,6,'blocks',2.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 3}}');
INSERT INTO "trial_params" VALUES(111,6,'convs',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, "high": 2}}');
INSERT INTO "trial_params" VALUES(112,6,'filters_1',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [8, 16, 32]}}');
INSERT INTO "trial_params" VALUES(113,6,'filters_2',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [8, 16, 32, 64]}}');
INSERT INTO "trial_params" VALUES(114,6,'kernel_1',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(115,6,'kernel_2',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(116,6,'padding',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["same", "valid"]}}');
INSERT INTO "trial_params" VALUES(117,6,'pool',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["max", "average"]}}');
INSERT INTO "trial_params" VALUES(118,6,'pool_1',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["max", "average", "none"]}}');
INSERT INTO "trial_params" VALUES(119,6,'conv_norm',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation", "after-pooling", "before-head"]}}');
INSERT INTO "trial_params" VALUES(120,6,'conv_dropout_1',0.0,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.4, "log": false}}');
INSERT INTO "trial_params" VALUES(121,6,'conv_dropout_2',0.0,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.4, "log": false}}');
INSERT INTO "trial_params" VALUES(122,6,'dense_layers',1.0,'{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 0, "high": 2}}');
INSERT INTO "trial_params" VALUES(123,6,'units_1',128.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 256}}');
INSERT INTO "trial_params" VALUES(124,6,'dense_norm',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["none", "before-activation", "after-activation"]}}');
INSERT INTO "trial_params" VALUES(125,6,'dense_dropout',0.0,'{"name": "FloatDistribution", "attributes": {"step": 0.05, "low": 0.0, "high": 0.5, "log": false}}');
INSERT INTO "trial_params" VALUES(126,6,'activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "sigmoid", "tanh", "elu", "gelu", "swish", "selu"]}}');
INSERT INTO "trial_params" VALUES(127,6,'initializer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["glorot-uniform", "he-normal"]}}');
INSERT INTO "trial_params" VALUES(128,6,'optimizer',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["adam", "adamw", "nadam", "rmsprop", "sgd", "adadelta"]}}');
INSERT INTO "trial_params" VALUES(129,6,'learning_rate_adam',1.22474487139158892679e-03,'{"name": "FloatDistribution", "attributes": {"step": null, "low": 0.0003, "high": 0.005, "log": true}}');
INSERT INTO "trial_params" VALUES(130,6,'schedule',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["constant", "cosine", "one-cycle"]}}');
INSERT INTO "trial_params" VALUES(131,6,'batch_size',128.0,'{"name": "IntDistribution", "attributes": {"log": true, "step": 1, "low": 32, "high": 512}}');
INSERT INTO "trial_params" VALUES(132,6,'augmentation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [true, false]}}');
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_system_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_system_attributes" VALUES(1,1,'fixed_params','{"blocks": 1, "convs": 1, "filters_1": 32, "kernel_1": 5, "padding": "valid", "pool": "max", "conv_norm": "none", "conv_dropout_1": 0.2, "dense_layers": 1, "units_1": 128, "dense_norm": "none", "dense_dropout": 0.0, "activation": "relu", "initializer": "glorot-uniform", "optimizer": "adam", "learning_rate_adam": 0.001, "schedule": "constant", "batch_size": 200, "augmentation": false}');
INSERT INTO "trial_system_attributes" VALUES(2,2,'fixed_params','{"blocks": 2, "convs": 1, "filters_1": 32, "filters_2": 32, "kernel_1": 5, "kernel_2": 5, "padding": "same", "pool": "max", "conv_norm": "none", "conv_dropout_1": 0.25, "conv_dropout_2": 0.25, "dense_layers": 1, "units_1": 256, "dense_norm": "none", "dense_dropout": 0.5, "activation": "relu", "initializer": "glorot-uniform", "optimizer": "adam", "learning_rate_adam": 0.001, "schedule": "constant", "batch_size": 32, "augmentation": false}');
INSERT INTO "trial_system_attributes" VALUES(3,3,'fixed_params','{"blocks": 2, "convs": 1, "filters_1": 32, "filters_2": 32, "kernel_1": 5, "kernel_2": 5, "padding": "same", "pool": "max", "conv_norm": "none", "conv_dropout_1": 0.25, "conv_dropout_2": 0.25, "dense_layers": 1, "units_1": 256, "dense_norm": "none", "dense_dropout": 0.5, "activation": "relu", "initializer": "glorot-uniform", "optimizer": "adam", "learning_rate_adam": 0.001, "schedule": "constant", "batch_size": 32, "augmentation": true}');
INSERT INTO "trial_system_attributes" VALUES(4,4,'fixed_params','{"blocks": 2, "convs": 1, "filters_1": 32, "filters_2": 64, "kernel_1": 3, "kernel_2": 3, "padding": "valid", "pool": "max", "pool_1": "none", "conv_norm": "none", "conv_dropout_1": 0.0, "conv_dropout_2": 0.0, "dense_layers": 1, "units_1": 128, "dense_norm": "none", "dense_dropout": 0.0, "activation": "relu", "initializer": "glorot-uniform", "optimizer": "adadelta", "learning_rate_adadelta": 1.0, "schedule": "constant", "batch_size": 100, "augmentation": false}');
INSERT INTO "trial_system_attributes" VALUES(5,5,'fixed_params','{"blocks": 2, "convs": 1, "filters_1": 32, "filters_2": 64, "kernel_1": 3, "kernel_2": 3, "padding": "valid", "pool": "max", "pool_1": "none", "conv_norm": "after-activation", "conv_dropout_1": 0.25, "conv_dropout_2": 0.25, "dense_layers": 1, "units_1": 128, "dense_norm": "after-activation", "dense_dropout": 0.25, "activation": "relu", "initializer": "glorot-uniform", "optimizer": "adadelta", "learning_rate_adadelta": 1.0, "schedule": "constant", "batch_size": 100, "augmentation": false}');
INSERT INTO "trial_system_attributes" VALUES(6,6,'fixed_params','{"blocks": 2, "convs": 1, "filters_1": 32, "filters_2": 32, "kernel_1": 3, "kernel_2": 3, "padding": "same", "pool": "max", "pool_1": "max", "conv_norm": "none", "conv_dropout_1": 0.0, "conv_dropout_2": 0.0, "dense_layers": 1, "units_1": 128, "dense_norm": "none", "dense_dropout": 0.0, "activation": "relu", "initializer": "glorot-uniform", "optimizer": "adam", "learning_rate_adam": 0.001224744871391589, "schedule": "constant", "batch_size": 128, "augmentation": false}');
CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_user_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_user_attributes" VALUES(1,1,'reference','"cnn-simple"');
INSERT INTO "trial_user_attributes" VALUES(2,2,'reference','"cnn-double-32"');
INSERT INTO "trial_user_attributes" VALUES(3,3,'reference','"cnn-double-32-augmented"');
INSERT INTO "trial_user_attributes" VALUES(4,4,'reference','"cnn-plain"');
INSERT INTO "trial_user_attributes" VALUES(5,5,'reference','"cnn-bn-dropout"');
INSERT INTO "trial_user_attributes" VALUES(6,1,'started','1795845626.4537446');
INSERT INTO "trial_user_attributes" VALUES(7,1,'run','{"config": {"model": {"kind": "network", "layers": [{"kind": "conv", "filters": 32, "kernel": 5, "padding": "valid", "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "pool", "function": "max", "size": 2}, {"kind": "dropout", "rate": 0.2}, {"kind": "flatten"}, {"kind": "dense", "units": 128, "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}], "output_initializer": {"name": "glorot-uniform", "stddev": null}}, "training": {"optimizer": {"name": "adam", "learning_rate": 0.001}, "batch_size": 200, "epochs": 8, "schedule": "constant", "augmentation": null, "train_images": null, "schedule_epochs": null}, "protocol": "held-out", "raw_test_pixels": false}, "seed": 634973365}');
INSERT INTO "trial_user_attributes" VALUES(8,1,'network','"C32(5x5 valid) MP DO.2 Flatten D128 | adam 0.001 | b200"');
INSERT INTO "trial_user_attributes" VALUES(9,2,'started','1795845626.5314143');
INSERT INTO "trial_user_attributes" VALUES(10,2,'run','{"config": {"model": {"kind": "network", "layers": [{"kind": "conv", "filters": 32, "kernel": 5, "padding": "same", "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "pool", "function": "max", "size": 2}, {"kind": "dropout", "rate": 0.25}, {"kind": "conv", "filters": 32, "kernel": 5, "padding": "same", "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "pool", "function": "max", "size": 2}, {"kind": "dropout", "rate": 0.25}, {"kind": "flatten"}, {"kind": "dense", "units": 256, "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "dropout", "rate": 0.5}], "output_initializer": {"name": "glorot-uniform", "stddev": null}}, "training": {"optimizer": {"name": "adam", "learning_rate": 0.001}, "batch_size": 32, "epochs": 8, "schedule": "constant", "augmentation": null, "train_images": null, "schedule_epochs": null}, "protocol": "held-out", "raw_test_pixels": false}, "seed": 10233176}');
INSERT INTO "trial_user_attributes" VALUES(11,2,'network','"C32(5x5 same) MP DO.25 C32(5x5 same) MP DO.25 Flatten D256 DO.5 | adam 0.001 | b32"');
INSERT INTO "trial_user_attributes" VALUES(12,1,'fit seconds','0.41655398400000004');
INSERT INTO "trial_user_attributes" VALUES(13,1,'weights','592074');
INSERT INTO "trial_user_attributes" VALUES(14,1,'FLOPs per image','2103808');
INSERT INTO "trial_user_attributes" VALUES(15,1,'worker','0');
INSERT INTO "trial_user_attributes" VALUES(16,1,'finished','1795845629.578464');
INSERT INTO "trial_user_attributes" VALUES(17,1,'result','{"schema_version": 1, "status": "complete", "config_id": "36febf798ac53d5a", "seed": 634973365, "failure": null, "validation": {"correct": 240, "total": 250, "loss": 0.12822194276022258, "clipped_loss": null}, "test": null, "train": null, "collapsed": false, "epochs": [{"epoch": 1, "loss": 0.4124315716452651, "accuracy": 0.864, "val_loss": 0.4124315716452651, "val_accuracy": 0.864, "seconds": 0.04733568, "validation_seconds": 0.0047335680000000005}, {"epoch": 2, "loss": 0.1595590525543817, "accuracy": 0.952, "val_loss": 0.1595590525543817, "val_accuracy": 0.952, "seconds": 0.04733568, "validation_seconds": 0.0047335680000000005}, {"epoch": 3, "loss": 0.12962666561518696, "accuracy": 0.96, "val_loss": 0.12962666561518696, "val_accuracy": 0.96, "seconds": 0.04733568, "validation_seconds": 0.0047335680000000005}, {"epoch": 4, "loss": 0.1285325626092211, "accuracy": 0.96, "val_loss": 0.1285325626092211, "val_accuracy": 0.96, "seconds": 0.04733568, "validation_seconds": 0.0047335680000000005}, {"epoch": 5, "loss": 0.12701839454328304, "accuracy": 0.96, "val_loss": 0.12701839454328304, "val_accuracy": 0.96, "seconds": 0.04733568, "validation_seconds": 0.0047335680000000005}, {"epoch": 6, "loss": 0.1269388075892582, "accuracy": 0.96, "val_loss": 0.1269388075892582, "val_accuracy": 0.96, "seconds": 0.04733568, "validation_seconds": 0.0047335680000000005}, {"epoch": 7, "loss": 0.12633631060083114, "accuracy": 0.96, "val_loss": 0.12633631060083114, "val_accuracy": 0.96, "seconds": 0.04733568, "validation_seconds": 0.0047335680000000005}, {"epoch": 8, "loss": 0.12822194276022258, "accuracy": 0.96, "val_loss": 0.12822194276022258, "val_accuracy": 0.96, "seconds": 0.04733568, "validation_seconds": 0.0047335680000000005}], "reports": [[4, 0.864], [8, 0.952], [12, 0.96], [16, 0.96], [20, 0.96], [24, 0.96], [28, 0.96], [32, 0.96]], "parameters": 592074, "trainable_parameters": 592074, "flops": 2103808, "predictions": null, "weights_sha256": null, "duplicate_of": null, "initial_epoch": 0, "restarted": null, "checkpoint_sha256": null, "timings": {"import_seconds": 0.0, "data_seconds": null, "build_seconds": 0.1, "first_step_seconds": 1.0, "step_seconds": [0.00676224, 0.00676224, 0.00676224, 0.00676224, 0.00676224], "fit_seconds": 0.41655398400000004, "inference_us_batch_1": 1000.0, "inference_us_batch_256": 10.51904, "peak_memory_bytes": null}, "precision": "float32", "threads": 1, "contended": false, "environment": {"system": "Linux-6.18.44-fc-v857-x86_64-with-glibc2.36", "python": "3.11.7", "processor": "surrogate", "cores": 2, "memory_bytes": 25276059648, "features": ["avx2", "avx512f", "avx512_bf16"], "packages": {"mnist-search": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1", "optuna": "5.0.0", "keras-tuner": "1.4.8", "scikit-learn": "1.9.1", "numpy": "2.4.6"}}}');
INSERT INTO "trial_user_attributes" VALUES(18,3,'started','1795845629.6246028');
INSERT INTO "trial_user_attributes" VALUES(19,3,'run','{"config": {"model": {"kind": "network", "layers": [{"kind": "conv", "filters": 32, "kernel": 5, "padding": "same", "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "pool", "function": "max", "size": 2}, {"kind": "dropout", "rate": 0.25}, {"kind": "conv", "filters": 32, "kernel": 5, "padding": "same", "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "pool", "function": "max", "size": 2}, {"kind": "dropout", "rate": 0.25}, {"kind": "flatten"}, {"kind": "dense", "units": 256, "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "dropout", "rate": 0.5}], "output_initializer": {"name": "glorot-uniform", "stddev": null}}, "training": {"optimizer": {"name": "adam", "learning_rate": 0.001}, "batch_size": 32, "epochs": 8, "schedule": "constant", "augmentation": {"rotation_degrees": 10.0, "zoom": 0.1, "shift": 0.1}, "train_images": null, "schedule_epochs": null}, "protocol": "held-out", "raw_test_pixels": false}, "seed": 4274221289}');
INSERT INTO "trial_user_attributes" VALUES(20,3,'network','"C32(5x5 same) MP DO.25 C32(5x5 same) MP DO.25 Flatten D256 DO.5 | adam 0.001 | b32 | augmented"');
INSERT INTO "trial_user_attributes" VALUES(21,2,'fit seconds','2.395312128');
INSERT INTO "trial_user_attributes" VALUES(22,2,'weights','430698');
INSERT INTO "trial_user_attributes" VALUES(23,2,'FLOPs per image','12097536');
INSERT INTO "trial_user_attributes" VALUES(24,2,'worker','1');
INSERT INTO "trial_user_attributes" VALUES(25,2,'finished','1795845629.6593685');
INSERT INTO "trial_user_attributes" VALUES(26,2,'result','{"schema_version": 1, "status": "complete", "config_id": "60bae4bcd2ae9ac7", "seed": 10233176, "failure": null, "validation": {"correct": 244, "total": 250, "loss": 0.07911580730420953, "clipped_loss": null}, "test": null, "train": null, "collapsed": false, "epochs": [{"epoch": 1, "loss": 0.36729767738561586, "accuracy": 0.88, "val_loss": 0.36729767738561586, "val_accuracy": 0.88, "seconds": 0.27219456, "validation_seconds": 0.027219456}, {"epoch": 2, "loss": 0.10846101149642844, "accuracy": 0.968, "val_loss": 0.10846101149642844, "val_accuracy": 0.968, "seconds": 0.27219456, "validation_seconds": 0.027219456}, {"epoch": 3, "loss": 0.08261851800334097, "accuracy": 0.976, "val_loss": 0.08261851800334097, "val_accuracy": 0.976, "seconds": 0.27219456, "validation_seconds": 0.027219456}, {"epoch": 4, "loss": 0.07809201571240157, "accuracy": 0.976, "val_loss": 0.07809201571240157, "val_accuracy": 0.976, "seconds": 0.27219456, "validation_seconds": 0.027219456}, {"epoch": 5, "loss": 0.07956891459070746, "accuracy": 0.976, "val_loss": 0.07956891459070746, "val_accuracy": 0.976, "seconds": 0.27219456, "validation_seconds": 0.027219456}, {"epoch": 6, "loss": 0.07830249481605189, "accuracy": 0.976, "val_loss": 0.07830249481605189, "val_accuracy": 0.976, "seconds": 0.27219456, "validation_seconds": 0.027219456}, {"epoch": 7, "loss": 0.0794692690682021, "accuracy": 0.976, "val_loss": 0.0794692690682021, "val_accuracy": 0.976, "seconds": 0.27219456, "validation_seconds": 0.027219456}, {"epoch": 8, "loss": 0.07911580730420953, "accuracy": 0.976, "val_loss": 0.07911580730420953, "val_accuracy": 0.976, "seconds": 0.27219456, "validation_seconds": 0.027219456}], "reports": [[4, 0.88], [8, 0.968], [12, 0.976], [16, 0.976], [20, 0.976], [24, 0.976], [28, 0.976], [32, 0.976]], "parameters": 430698, "trainable_parameters": 430698, "flops": 12097536, "predictions": null, "weights_sha256": null, "duplicate_of": null, "initial_epoch": 0, "restarted": null, "checkpoint_sha256": null, "timings": {"import_seconds": 0.0, "data_seconds": null, "build_seconds": 0.1, "first_step_seconds": 1.0, "step_seconds": [0.005917273043478261, 0.005917273043478261, 0.005917273043478261, 0.005917273043478261, 0.005917273043478261], "fit_seconds": 2.395312128, "inference_us_batch_1": 1000.0, "inference_us_batch_256": 60.48768, "peak_memory_bytes": null}, "precision": "float32", "threads": 1, "contended": false, "environment": {"system": "Linux-6.18.44-fc-v857-x86_64-with-glibc2.36", "python": "3.11.7", "processor": "surrogate", "cores": 2, "memory_bytes": 25276059648, "features": ["avx2", "avx512f", "avx512_bf16"], "packages": {"mnist-search": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1", "optuna": "5.0.0", "keras-tuner": "1.4.8", "scikit-learn": "1.9.1", "numpy": "2.4.6"}}}');
INSERT INTO "trial_user_attributes" VALUES(27,4,'started','1795845629.7082882');
INSERT INTO "trial_user_attributes" VALUES(28,4,'run','{"config": {"model": {"kind": "network", "layers": [{"kind": "conv", "filters": 32, "kernel": 3, "padding": "valid", "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "conv", "filters": 64, "kernel": 3, "padding": "valid", "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "pool", "function": "max", "size": 2}, {"kind": "flatten"}, {"kind": "dense", "units": 128, "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}], "output_initializer": {"name": "glorot-uniform", "stddev": null}}, "training": {"optimizer": {"name": "adadelta", "learning_rate": 1.0, "rho": 0.95}, "batch_size": 100, "epochs": 8, "schedule": "constant", "augmentation": null, "train_images": null, "schedule_epochs": null}, "protocol": "held-out", "raw_test_pixels": false}, "seed": 881321585}');
INSERT INTO "trial_user_attributes" VALUES(29,4,'network','"C32(3x3 valid) C64(3x3 valid) MP Flatten D128 | adadelta 1 | b100"');
INSERT INTO "trial_user_attributes" VALUES(30,3,'fit seconds','2.395312128');
INSERT INTO "trial_user_attributes" VALUES(31,3,'weights','430698');
INSERT INTO "trial_user_attributes" VALUES(32,3,'FLOPs per image','12097536');
INSERT INTO "trial_user_attributes" VALUES(33,3,'worker','0');
INSERT INTO "trial_user_attributes" VALUES(34,3,'finished','1795845631.7981362');
INSERT INTO "trial_user_attributes" VALUES(35,3,'result','{"schema_version": 1, "status": "complete", "config_id": "24d5963eb227750f", "seed": 4274221289, "failure": null, "validation": {"correct": 245, "total": 250, "loss": 0.07553965617460615, "clipped_loss": null}, "test": null, "train": null, "collapsed": false, "epochs": [{"epoch": 1, "loss": 0.36779837435129537, "accuracy": 0.88, "val_loss": 0.36779837435129537, "val_accuracy": 0.88, "seconds": 0.27219456, "validation_seconds": 0.027219456}, {"epoch": 2, "loss": 0.10859113231437285, "accuracy": 0.968, "val_loss": 0.10859113231437285, "val_accuracy": 0.968, "seconds": 0.27219456, "validation_seconds": 0.027219456}, {"epoch": 3, "loss": 0.08158760483850182, "accuracy": 0.976, "val_loss": 0.08158760483850182, "val_accuracy": 0.976, "seconds": 0.27219456, "validation_seconds": 0.027219456}, {"epoch": 4, "loss": 0.07983078663728267, "accuracy": 0.976, "val_loss": 0.07983078663728267, "val_accuracy": 0.976, "seconds": 0.27219456, "validation_seconds": 0.027219456}, {"epoch": 5, "loss": 0.07558607475638988, "accuracy": 0.98, "val_loss": 0.07558607475638988, "val_accuracy": 0.98, "seconds": 0.27219456, "validation_seconds": 0.027219456}, {"epoch": 6, "loss": 0.07780590214202003, "accuracy": 0.976, "val_loss": 0.07780590214202003, "val_accuracy": 0.976, "seconds": 0.27219456, "validation_seconds": 0.027219456}, {"epoch": 7, "loss": 0.07514878914210771, "accuracy": 0.98, "val_loss": 0.07514878914210771, "val_accuracy": 0.98, "seconds": 0.27219456, "validation_seconds": 0.027219456}, {"epoch": 8, "loss": 0.07553965617460615, "accuracy": 0.98, "val_loss": 0.07553965617460615, "val_accuracy": 0.98, "seconds": 0.27219456, "validation_seconds": 0.027219456}], "reports": [[4, 0.88], [8, 0.968], [12, 0.976], [16, 0.976], [20, 0.98], [24, 0.976], [28, 0.98], [32, 0.98]], "parameters": 430698, "trainable_parameters": 430698, "flops": 12097536, "predictions": null, "weights_sha256": null, "duplicate_of": null, "initial_epoch": 0, "restarted": null, "checkpoint_sha256": null, "timings": {"import_seconds": 0.0, "data_seconds": null, "build_seconds": 0.1, "first_step_seconds": 1.0, "step_seconds": [0.005917273043478261, 0.005917273043478261, 0.005917273043478261, 0.005917273043478261, 0.005917273043478261], "fit_seconds": 2.395312128, "inference_us_batch_1": 1000.0, "inference_us_batch_256": 60.48768, "peak_memory_bytes": null}, "precision": "float32", "threads": 1, "contended": false, "environment": {"system": "Linux-6.18.44-fc-v857-x86_64-with-glibc2.36", "python": "3.11.7", "processor": "surrogate", "cores": 2, "memory_bytes": 25276059648, "features": ["avx2", "avx512f", "avx512_bf16"], "packages": {"mnist-search": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1", "optuna": "5.0.0", "keras-tuner": "1.4.8", "scikit-learn": "1.9.1", "numpy": "2.4.6"}}}');
INSERT INTO "trial_user_attributes" VALUES(36,5,'started','1795845631.8446753');
INSERT INTO "trial_user_attributes" VALUES(37,5,'run','{"config": {"model": {"kind": "network", "layers": [{"kind": "conv", "filters": 32, "kernel": 3, "padding": "valid", "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "batch-norm"}, {"kind": "dropout", "rate": 0.25}, {"kind": "conv", "filters": 64, "kernel": 3, "padding": "valid", "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "batch-norm"}, {"kind": "pool", "function": "max", "size": 2}, {"kind": "dropout", "rate": 0.25}, {"kind": "flatten"}, {"kind": "dense", "units": 128, "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "batch-norm"}, {"kind": "dropout", "rate": 0.25}], "output_initializer": {"name": "glorot-uniform", "stddev": null}}, "training": {"optimizer": {"name": "adadelta", "learning_rate": 1.0, "rho": 0.95}, "batch_size": 100, "epochs": 8, "schedule": "constant", "augmentation": null, "train_images": null, "schedule_epochs": null}, "protocol": "held-out", "raw_test_pixels": false}, "seed": 4100011299}');
INSERT INTO "trial_user_attributes" VALUES(38,5,'network','"C32(3x3 valid) BN DO.25 C64(3x3 valid) BN MP DO.25 Flatten D128 BN DO.25 | adadelta 1 | b100"');
INSERT INTO "trial_user_attributes" VALUES(39,4,'fit seconds','4.749009408000001');
INSERT INTO "trial_user_attributes" VALUES(40,4,'weights','1199882');
INSERT INTO "trial_user_attributes" VALUES(41,4,'FLOPs per image','23984896');
INSERT INTO "trial_user_attributes" VALUES(42,4,'worker','1');
INSERT INTO "trial_user_attributes" VALUES(43,4,'finished','1795845631.8734827');
INSERT INTO "trial_user_attributes" VALUES(44,4,'result','{"schema_version": 1, "status": "complete", "config_id": "e3ceb11a20215b1e", "seed": 881321585, "failure": null, "validation": {"correct": 242, "total": 250, "loss": 0.10642783961912601, "clipped_loss": null}, "test": null, "train": null, "collapsed": false, "epochs": [{"epoch": 1, "loss": 0.3913075428908127, "accuracy": 0.872, "val_loss": 0.3913075428908127, "val_accuracy": 0.872, "seconds": 0.53966016, "validation_seconds": 0.053966016000000006}, {"epoch": 2, "loss": 0.13757698590906267, "accuracy": 0.956, "val_loss": 0.13757698590906267, "val_accuracy": 0.956, "seconds": 0.53966016, "validation_seconds": 0.053966016000000006}, {"epoch": 3, "loss": 0.10836430710039673, "accuracy": 0.968, "val_loss": 0.10836430710039673, "val_accuracy": 0.968, "seconds": 0.53966016, "validation_seconds": 0.053966016000000006}, {"epoch": 4, "loss": 0.10311568442302628, "accuracy": 0.968, "val_loss": 0.10311568442302628, "val_accuracy": 0.968, "seconds": 0.53966016, "validation_seconds": 0.053966016000000006}, {"epoch": 5, "loss": 0.10390370175693668, "accuracy": 0.968, "val_loss": 0.10390370175693668, "val_accuracy": 0.968, "seconds": 0.53966016, "validation_seconds": 0.053966016000000006}, {"epoch": 6, "loss": 0.1030844599849778, "accuracy": 0.968, "val_loss": 0.1030844599849778, "val_accuracy": 0.968, "seconds": 0.53966016, "validation_seconds": 0.053966016000000006}, {"epoch": 7, "loss": 0.10539637382382604, "accuracy": 0.968, "val_loss": 0.10539637382382604, "val_accuracy": 0.968, "seconds": 0.53966016, "validation_seconds": 0.053966016000000006}, {"epoch": 8, "loss": 0.10642783961912601, "accuracy": 0.968, "val_loss": 0.10642783961912601, "val_accuracy": 0.968, "seconds": 0.53966016, "validation_seconds": 0.053966016000000006}], "reports": [[4, 0.872], [8, 0.956], [12, 0.968], [16, 0.968], [20, 0.968], [24, 0.968], [28, 0.968], [32, 0.968]], "parameters": 1199882, "trainable_parameters": 1199882, "flops": 23984896, "predictions": null, "weights_sha256": null, "duplicate_of": null, "initial_epoch": 0, "restarted": null, "checkpoint_sha256": null, "timings": {"import_seconds": 0.0, "data_seconds": null, "build_seconds": 0.1, "first_step_seconds": 1.0, "step_seconds": [0.035977344, 0.035977344, 0.035977344, 0.035977344, 0.035977344], "fit_seconds": 4.749009408000001, "inference_us_batch_1": 1000.0, "inference_us_batch_256": 119.92448, "peak_memory_bytes": null}, "precision": "float32", "threads": 1, "contended": false, "environment": {"system": "Linux-6.18.44-fc-v857-x86_64-with-glibc2.36", "python": "3.11.7", "processor": "surrogate", "cores": 2, "memory_bytes": 25276059648, "features": ["avx2", "avx512f", "avx512_bf16"], "packages": {"mnist-search": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1", "optuna": "5.0.0", "keras-tuner": "1.4.8", "scikit-learn": "1.9.1", "numpy": "2.4.6"}}}');
INSERT INTO "trial_user_attributes" VALUES(45,6,'started','1795845631.8891883');
INSERT INTO "trial_user_attributes" VALUES(46,6,'run','{"config": {"model": {"kind": "network", "layers": [{"kind": "conv", "filters": 32, "kernel": 3, "padding": "same", "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "pool", "function": "max", "size": 2}, {"kind": "conv", "filters": 32, "kernel": 3, "padding": "same", "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}, {"kind": "pool", "function": "max", "size": 2}, {"kind": "flatten"}, {"kind": "dense", "units": 128, "activation": "relu", "bias": true, "initializer": {"name": "glorot-uniform", "stddev": null}}], "output_initializer": {"name": "glorot-uniform", "stddev": null}}, "training": {"optimizer": {"name": "adam", "learning_rate": 0.001224744871391589}, "batch_size": 128, "epochs": 8, "schedule": "constant", "augmentation": null, "train_images": null, "schedule_epochs": null}, "protocol": "held-out", "raw_test_pixels": false}, "seed": 2240447467}');
INSERT INTO "trial_user_attributes" VALUES(47,6,'network','"C32(3x3 same) MP C32(3x3 same) MP Flatten D128 | adam 0.00122 | b128"');
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
INSERT INTO "trial_values" VALUES(1,1,0,0.96,'FINITE');
INSERT INTO "trial_values" VALUES(2,2,0,0.976,'FINITE');
INSERT INTO "trial_values" VALUES(3,3,0,0.98,'FINITE');
INSERT INTO "trial_values" VALUES(4,4,0,0.968,'FINITE');
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
INSERT INTO "trials" VALUES(1,0,1,'COMPLETE','2026-11-28 06:00:26.425388','2026-11-28 06:00:29.581143');
INSERT INTO "trials" VALUES(2,1,1,'COMPLETE','2026-11-28 06:00:26.522876','2026-11-28 06:00:29.664037');
INSERT INTO "trials" VALUES(3,2,1,'COMPLETE','2026-11-28 06:00:29.610641','2026-11-28 06:00:31.818401');
INSERT INTO "trials" VALUES(4,3,1,'COMPLETE','2026-11-28 06:00:29.695023','2026-11-28 06:00:31.877075');
INSERT INTO "trials" VALUES(5,4,1,'RUNNING','2026-11-28 06:00:31.837008',NULL);
INSERT INTO "trials" VALUES(6,5,1,'RUNNING','2026-11-28 06:00:31.885728',NULL);
INSERT INTO "trials" VALUES(7,6,1,'WAITING',NULL,NULL);
INSERT INTO "trials" VALUES(8,7,1,'WAITING',NULL,NULL);
INSERT INTO "trials" VALUES(9,8,1,'WAITING',NULL,NULL);
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
